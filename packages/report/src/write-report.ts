import { randomBytes } from 'node:crypto';
import { ftruncateSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { stampMs } from '@hybrid-soak/contract/stamp.ts';
import { reportPage } from './html.ts';
import { pageData } from './page-data.ts';
import { lastOfRunBefore, predecessor, reportBeside } from './predecessor.ts';
import { readRun } from './read-log.ts';
import { findSamples, readSamples } from './read-samples.ts';
import { stampText } from './stamp.ts';

export interface ReportInput {
  decisions: string;
  samples: string;
  /** The beginning of a run's id, or -1 for the one before the last; the log's last run without it. */
  run?: string | undefined;
  /** Times in UTC instead of local time. */
  utc?: boolean;
}

/**
 * Writes one run as a self-contained HTML file, whole or not at all. Returns the run's id and the file's size in bytes.
 * Throws NoRun, Unreadable, or the file system's error if `out` cannot be written.
 */
export function writeReport({ out, ...input }: ReportInput & { out: string | number }): { run: string; bytes: number } {
  const { run, html } = reportOf(input, typeof out === 'number' ? null : out);
  if (typeof out === 'number') {
    ftruncateSync(out);
    writeFileSync(out, html);
  } else replace(out, html);
  return { run, bytes: Buffer.byteLength(html) };
}

/** One run as a self-contained page; `out`: the path that it will have. Throws NoRun, Unreadable. */
export function reportOf(
  { decisions, samples, run, utc = false }: ReportInput,
  out: string | null = null,
): { run: string; html: string } {
  const { run: id, records, ...log } = readRun(decisions, run);
  const notes: string[] = [];
  if (log.omitted > 0) notes.push(`${log.omitted} records in the middle of the run were left out.`);
  if (log.garbage > 0) notes.push(`Lines of the log that are not records, and were skipped: ${log.garbage}.`);
  if (log.tornBytes > 0) notes.push(`The log's last line is torn (${log.tornBytes} bytes) and was skipped.`);
  const found = findSamples(samples, id);
  const read = found === null ? null : readSamples(found);
  if (read !== null && read.garbage > 0) notes.push(`${read.garbage} lines of the samples could not be read.`);
  const data = pageData(records, read, notes);
  const before = lastOfRunBefore(decisions, id);
  if (before !== null)
    data.predecessor = predecessor(before, data.summary, out === null ? null : reportBeside(out, before.run_id));
  const began = records[0] === undefined ? '' : stampText(stampMs(records[0].timestamp), { utc });
  const title = `${data.verdict.word} · soak ${id.slice(0, 8)} · ${began}`;
  return { run: id, html: reportPage(title, { ...data, utc }) };
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
