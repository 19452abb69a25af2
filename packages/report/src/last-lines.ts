import { type ByteSource, lineBlocksBackward } from '@hybrid-soak/contract/json-lines.ts';
import { type ShownDecision, tornBytes } from './read-log.ts';

/** A chosen line and its record. */
export interface ChosenLine {
  record: ShownDecision;
  line: string;
}

export interface LastLines {
  /** In the order of the file. */
  chosen: ChosenLine[];
  /** Lines among those looked at that are not records. */
  garbage: number;
  /** Bytes of a torn last line. */
  torn: number;
  /** Offset of the first line that was not read: a follower goes on from there. */
  end: number;
}

/**
 * The last `keep` lines that `select` chooses, read from the end of the file: the cost follows what is shown. `stop` ends
 * the search at a record that is too old.
 */
export function lastLines(
  source: ByteSource,
  keep: number,
  select: (line: string) => ShownDecision | 'garbage' | null,
  stop: (line: string) => boolean = () => false,
): LastLines {
  const torn = tornBytes(source);
  const found: LastLines = { chosen: [], garbage: 0, torn, end: source.size - torn };
  if (keep === 0) return found;
  const newestFirst: ChosenLine[] = [];
  const take = (line: string): boolean => {
    const record = select(line);
    if (record === 'garbage') found.garbage++;
    else if (record !== null) newestFirst.push({ record, line });
    return newestFirst.length < keep && !stop(line);
  };
  search: for (const { lines } of lineBlocksBackward(source, { to: found.end }))
    for (const line of lines.toReversed()) if (!take(line)) break search;
  return { ...found, chosen: newestFirst.reverse() };
}
