import { randomBytes } from 'node:crypto';
import { ftruncateSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { reportPage } from './html.ts';
import { pageData } from './page-data.ts';
import { readRun } from './read-log.ts';
import { findSamples, readSamples } from './read-samples.ts';

export interface ReportInput {
  decisions: string;
  samples: string;
  /** The beginning of a run's id; the log's last run without it. */
  run?: string | undefined;
  /** A path, or the descriptor of a file that is open for writing. */
  out: string | number;
}

/**
 * Writes one run as a self-contained HTML file, whole or not at all. Returns the run's id and the file's size in bytes.
 * Throws NoRun, Unreadable, or the file system's error if `out` cannot be written.
 */
export function writeReport({ decisions, samples, run, out }: ReportInput): { run: string; bytes: number } {
  const { run: id, records, ...log } = readRun(decisions, run);
  const notes: string[] = [];
  if (log.omitted > 0) notes.push(`${log.omitted} records in the middle of the run were left out.`);
  if (log.garbage > 0) notes.push(`${log.garbage} lines of the log are not decision records and were skipped.`);
  if (log.tornBytes > 0) notes.push(`The log's last line is torn (${log.tornBytes} bytes) and was skipped.`);
  const found = findSamples(samples, id);
  const read = found === null ? null : readSamples(found);
  if (read !== null && read.garbage > 0) notes.push(`${read.garbage} lines of the samples could not be read.`);
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
