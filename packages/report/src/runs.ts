import { lineBlocks } from '@hybrid-soak/contract/json-lines.ts';
import { stampMs } from '@hybrid-soak/contract/stamp.ts';
import { withSource } from './file-source.ts';
import { NoRun, noRecord, parseRecord, type ShownDecision } from './read-log.ts';

/** A run of a decision log in one line; null where the log does not say. */
export interface RunRow {
  run_id: string;
  began: string;
  duration_s: number | null;
  /** Null while it runs, or if it was cut off. */
  verdict: string | null;
  restarts: number;
  /** As it is shown: `+0.3 MiB/h (-0.1 .. 0.7)`. */
  memory_slope: string | null;
  coverage_percent: number | null;
}

/** The runs of a log, oldest first, in one pass. Throws NoRun, Unreadable. */
export function runsOf(path: string): RunRow[] {
  const rows = withSource(path, (source) => {
    const found = new Map<string, RunRow>();
    for (const { lines } of lineBlocks(source))
      for (const line of lines) {
        const record = parseRecord(line);
        if (record !== null) take(found, record);
      }
    return [...found.values()];
  });
  if (rows === null) throw new NoRun(`${path}: no such file; valid: the log of a soak`);
  if (rows.length === 0) throw new NoRun(noRecord(path));
  return rows;
}

/** The earlier tool wrote no SUMMARY: its last word is the verdict. */
const LAST_WORDS: Readonly<Record<string, string>> = {
  ABORT: 'FAIL',
  CONFIG_ERROR: 'FAIL',
  STOP: 'INTERRUPTED',
  COMPLETE: 'PASS',
};

function take(found: Map<string, RunRow>, record: ShownDecision): void {
  const { run_id, timestamp, action } = record;
  const row = found.get(run_id) ?? {
    ...{ run_id, began: timestamp, duration_s: null, verdict: null, restarts: 0 },
    ...{ memory_slope: null, coverage_percent: null },
  };
  found.set(run_id, row);
  if (action === 'ENGINE_RESTART') row.restarts++;
  const last = LAST_WORDS[action];
  if (last !== undefined && record.policy === undefined) {
    row.verdict = last;
    row.duration_s = Math.round((stampMs(timestamp) - stampMs(row.began)) / 100) / 10;
  }
  if (action !== 'SUMMARY') return;
  row.duration_s = record.duration_s ?? null;
  row.verdict = record.verdict ?? null;
  row.restarts = record.restarts ?? row.restarts;
  row.coverage_percent = record.completeness?.coverage_percent ?? null;
  const memory = record.drift?.find(({ signal }) => signal === 'private_memory');
  row.memory_slope = memory?.slope == null ? null : memory.text;
}
