import { type ByteSource, lineBlocks, lineBlocksBackward, parseJsonLine } from './json-lines.ts';

/** Where one run's records stand in a decision log: the run's id, and the first byte that can hold one of them. */
export interface RunPlace {
  run_id: string;
  from: number;
}

const FIRST_RECORD = /"seq": ?1,/;
const RUN_ID = /"run_id": ?"([^"\\]*)"/;

/**
 * The last run of a decision log, found from the end: the newest record that `counts`, back to that run's first record
 * (`seq` 1). The earlier tool wrote no `seq`: its runs are looked for up to the start of the file. Null without any.
 */
export function lastRun(source: ByteSource, counts: (record: object) => boolean): RunPlace | null {
  let run_id: string | null = null;
  for (const block of lineBlocksBackward(source)) {
    // Most blocks of a long run are not worth splitting into lines.
    if (run_id !== null && !FIRST_RECORD.test(block.text)) continue;
    for (const line of block.lines.toReversed()) {
      run_id ??= runIdOf(line, counts);
      if (run_id !== null && begins(line, run_id)) return { run_id, from: block.at };
    }
  }
  return run_id === null ? null : { run_id, from: 0 };
}

const begins = (line: string, run_id: string): boolean => line.includes(run_id) && FIRST_RECORD.test(line);

function runIdOf(line: string, counts: (record: object) => boolean): string | null {
  const parsed = parseJsonLine(line);
  if (parsed.kind !== 'value' || typeof parsed.value !== 'object' || parsed.value === null) return null;
  if (!counts(parsed.value)) return null;
  const { run_id } = parsed.value as { run_id?: unknown };
  return typeof run_id === 'string' ? run_id : '';
}

/** Every run whose id begins so, in the order of their first records. Reads the whole file, and parses nothing. */
export function runsBeginning(source: ByteSource, prefix: string): RunPlace[] {
  const runs = new Map<string, RunPlace>();
  for (const block of lineBlocks(source)) {
    if (!block.text.includes(prefix)) continue;
    for (const line of block.lines) {
      if (!line.includes(prefix)) continue;
      const run_id = RUN_ID.exec(line)?.[1];
      if (run_id?.startsWith(prefix) && !runs.has(run_id)) runs.set(run_id, { run_id, from: block.at });
    }
  }
  return [...runs.values()];
}

/** The id of the run whose record comes first; null without any. */
export function firstRunId(source: ByteSource): string | null {
  for (const { lines } of lineBlocks(source))
    for (const line of lines) {
      const run_id = runIdOf(line, () => true);
      if (run_id !== null) return run_id;
    }
  return null;
}

/** The last lines with that run's id in them, at most `most`, in the file's order; `counts` says which lines count. */
export function lastLinesOf(
  source: ByteSource,
  run_id: string,
  { most, to = source.size, counts = () => true }: { most: number; to?: number; counts?: (line: string) => boolean },
): string[] {
  const found: string[] = [];
  for (const { lines } of lineBlocksBackward(source, { to }))
    for (const line of lines.toReversed()) {
      if (line.includes(run_id) && counts(line)) found.push(line);
      if (found.length === most) return found.reverse();
    }
  return found.reverse();
}
