import { type LoggedDecision, loggedDecision } from '@hybrid-soak/contract/decision.ts';
import { type ByteSource, lineBlocks, lineBlocksBackward, parseJsonLine } from '@hybrid-soak/contract/json-lines.ts';
import { lastLinesOf, lastRun, type RunPlace, runsBeginning } from '@hybrid-soak/contract/run-lines.ts';
import { withSource } from './file-source.ts';

/**
 * A line of a decision log of this tool or the earlier one, as it is shown: what is missing among the fields that every
 * record is shown by reads as empty.
 */
export type ShownDecision = Omit<LoggedDecision, 'run_id' | 'state' | 'current_sample_every' | 'reason'> & {
  run_id: string;
  state: string;
  current_sample_every: number | null;
  reason: string;
};

/** One run's records. */
export interface RunRead {
  run: string;
  records: ShownDecision[];
  /** Records between the first and the last ones that were left out because there are too many. */
  omitted: number;
  /** Lines among them that are not decision records. */
  garbage: number;
  /** Bytes of a last line that is not a record and has no newline: cut off by a power loss, or being written. */
  tornBytes: number;
}

/** There is no such run; the message says what was looked for and what would be right. */
export class NoRun extends Error {
  override name = 'NoRun';
}

/** A page of more decisions than these does not draw itself any more. */
const KEPT_FIRST = 5000;
const KEPT_LAST = 5000;

/** One line as a record; null if it is not one. */
export function parseRecord(line: string): ShownDecision | null {
  const parsed = parseJsonLine(line);
  return parsed.kind === 'value' ? asRecord(parsed.value) : null;
}

function asRecord(value: unknown): ShownDecision | null {
  const record = loggedDecision(value);
  if (record === null) return null;
  const { run_id = '', state = '', current_sample_every = null, reason = '' } = record;
  return { ...record, run_id, state, current_sample_every, reason };
}

/**
 * One run of a decision log: the run whose id begins with `wanted`, or the last one. Found from the end of the file and
 * streamed from the run's first record on, so that neither time nor memory follows the log's length. Throws NoRun, Unreadable.
 */
export function readRun(path: string, wanted?: string): RunRead {
  const read = withSource(path, (source) => collect(source, choose(source, wanted, path)));
  if (read === null) throw new NoRun(`${path}: no such file; valid: the log of a soak`);
  return read;
}

/** The last run of a decision log; null without any record. */
export const lastRunIn = (source: ByteSource): RunPlace | null =>
  lastRun(source, (record) => asRecord(record) !== null);

/** The run whose id begins with `wanted`, `-1` for the one before the last, or the last one. Throws NoRun. */
export function choose(source: ByteSource, wanted: string | undefined, path: string): RunPlace {
  if (wanted === undefined) {
    const last = lastRunIn(source);
    if (last === null) throw new NoRun(noRecord(path));
    return last;
  }
  const before = /^-\d+$/.test(wanted) ? runsBeginning(source, '').at(Number(wanted) - 1) : undefined;
  if (before !== undefined) return before;
  const found = runsBeginning(source, wanted);
  if (found.length === 0 && lastRunIn(source) === null) throw new NoRun(noRecord(path));
  if (found.length === 1) return found[0] as RunPlace;
  const known = (found.length === 0 ? runsBeginning(source, '') : found)
    .slice(-5)
    .map(({ run_id }) => run_id.slice(0, 8));
  const problem = found.length === 0 ? 'no such run' : `${found.length} runs begin so`;
  throw new NoRun(`${wanted}: ${problem} in ${path}; valid: ${known.join(', ')}`);
}

/** Why a file that is there has no run. */
export const noRecord = (path: string): string =>
  `${path}: no decision record; valid: the log of a soak${path.endsWith('.gz') ? ', unpacked (gunzip -k)' : ''}`;

function collect(source: ByteSource, { run_id, from }: RunPlace): RunRead {
  const read: RunRead = { run: run_id, records: [], omitted: 0, garbage: 0, tornBytes: tornBytes(source) };
  const to = source.size - read.tornBytes;
  let later = 0;
  // Null if they are too many: then they are read from the end, and a long run costs no memory.
  let last: string[] | null = [];
  const take = (line: string) => {
    const record = parseRecord(line);
    if (record === null) read.garbage += line.trim() === '' ? 0 : 1;
    else if (record.run_id === run_id) read.records.push(record);
  };
  for (const { lines } of lineBlocks(source, { from, to }))
    for (const line of lines) {
      if (read.records.length < KEPT_FIRST) take(line);
      else if (line.includes(run_id)) {
        if (++later > KEPT_LAST) last = null;
        last?.push(line);
      }
    }
  read.omitted = Math.max(0, later - KEPT_LAST);
  for (const line of last ?? lastLinesOf(source, run_id, { most: KEPT_LAST, to })) take(line);
  return read;
}

/** Bytes of a last line without a newline that is not a record. */
export function tornBytes(source: ByteSource): number {
  const [block] = lineBlocksBackward(source);
  const line = block?.lines.at(-1);
  if (line === undefined) return 0;
  const bytes = new TextEncoder().encode(line).length;
  const end = new Uint8Array(1);
  source.read(end, source.size - 1);
  return end[0] === 0x0a || parseRecord(line) !== null ? 0 : bytes;
}
