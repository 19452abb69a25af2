import { randomBytes } from 'node:crypto';
import { ftruncateSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { reportPage } from './html.ts';
import { pageData, runsIn } from './page-data.ts';
import { readLog } from './read-log.ts';
import { findSamples, readSamples } from './read-samples.ts';

/** There is nothing to report on; the message says what was looked for and what would be right. */
export class NoRun extends Error {
  override name = 'NoRun';
}

export interface ReportInput {
  decisions: string;
  samples: string;
  /** The beginning of a run's id; the log's last run without it. */
  run?: string | undefined;
  /** A path, or the descriptor of a file that is open for writing. */
  out: string | number;
}

/** Writes one run as a self-contained HTML file, whole or not at all. Returns the run's id and the file's size in bytes. */
export function writeReport({ decisions, samples, run, out }: ReportInput): { run: string; bytes: number } {
  const log = readLog(decisions);
  const id = chooseRun(runsIn(log.records), run, decisions);
  const notes: string[] = [];
  if (log.garbage > 0) notes.push(`${log.garbage} lines of the log are no decision records and were passed over.`);
  if (log.tornBytes > 0) notes.push(`The log's last line is torn (${log.tornBytes} bytes) and was passed over.`);
  const found = findSamples(samples, id);
  const read = found === null ? null : readSamples(found);
  if (read !== null && read.garbage > 0) notes.push(`${read.garbage} lines of the samples could not be read.`);
  const records = log.records.filter((record) => record.run_id === id);
  const data = pageData(records, read, notes);
  const html = reportPage(
    `${data.verdict.word} · soak ${id.slice(0, 8)} · ${records[0]?.timestamp.slice(0, 16)}Z`,
    data,
  );
  if (typeof out === 'number') {
    ftruncateSync(out);
    writeFileSync(out, html);
  } else replace(out, html);
  return { run: id, bytes: Buffer.byteLength(html) };
}

/** The temporary name is random and must be new, so that nobody can have put a link there. */
function replace(path: string, text: string): void {
  const temporary = `${path}.${randomBytes(9).toString('hex')}`;
  try {
    writeFileSync(temporary, text, { flag: 'wx' });
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

function chooseRun(runs: string[], wanted: string | undefined, decisions: string): string {
  const last = runs.at(-1);
  if (last === undefined) throw new NoRun(`${decisions}: no decision record; valid: the log of a soak`);
  if (wanted === undefined) return last;
  const found = runs.filter((run) => run.startsWith(wanted));
  if (found.length === 1) return found[0] as string;
  const known = runs.slice(-5).map((run) => run.slice(0, 8));
  const problem = found.length === 0 ? 'no such run' : `${found.length} runs begin so`;
  throw new NoRun(`${wanted}: ${problem} in ${decisions}; valid: ${known.join(', ')}`);
}
