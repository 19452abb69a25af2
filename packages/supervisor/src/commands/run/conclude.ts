import { closeSync, ftruncateSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { styleText } from 'node:util';
import type { Decision } from '@hybrid-soak/contract/decision.ts';
import { printableJson } from '@hybrid-soak/contract/printable.ts';
import type { Summary } from '@hybrid-soak/contract/summary.ts';
import type { TextStyle } from '@hybrid-soak/report/terminal/line.ts';
import { abortRequest } from '../../adapters/abort-file.ts';
import { callerFile } from '../../adapters/caller-file.ts';
import { DECISIONS, type OpsPaths, opsPaths } from '../../adapters/ops-paths.ts';
import { writeWhole } from '../../adapters/replace-file.ts';
import { openRegular } from '../../adapters/safe-open.ts';
import type { Plan } from '../../run/soak.ts';
import { summaryOf, writeSummary } from '../../run/summary-file.ts';
import { summaryText } from '../../text/summary.ts';

/** What is left of a soak: its summary on stdout and as a file, and the report where it was asked for. */
export async function conclude(
  plan: Plan,
  flags: { json?: boolean; junit?: string; utc?: boolean },
  record: Decision,
  out: string | undefined,
  note: (text: string) => void,
): Promise<void> {
  const { db } = plan;
  const { decisions, samples, summary: path } = plan.ops;
  const summary = summaryOf(record, { decisions, samples, database: db });
  const failed = writeSummary(path, summary);
  if (failed !== null) note(failed);
  if (abortRequest(plan.ops.abort) !== null) note(`${plan.ops.abort} is still there: remove it before the next soak`);
  if (flags.junit !== undefined) note(await writeJunit(flags.junit, summary));
  const command = reportCommandLine(record.run_id, plan.ops);
  const shown = () =>
    summaryText(summary, { summary: path, report: command }, paint, process.stdout.columns || undefined);
  const json = () => `${printableJson({ ...record, files: { decisions, samples, db } })}\n`;
  process.stdout.write(flags.json ? json() : shown());
  if (out === undefined) return;
  try {
    const { report } = await import('../report.ts');
    if (callerFile(out) === null) mkdirSync(dirname(out), { recursive: true });
    note(report({ decisions, samples, run: record.run_id, out, utc: flags.utc === true }));
  } catch (error) {
    // The verdict stands, and the report can be made at any time.
    note((error as Error).message);
  }
}

/** Colours if a person reads it: none in a pipe, nor with NO_COLOR. */
const paint = (format: TextStyle, text: string) => styleText(format, text, { stream: process.stdout });

/** The verdict stands if the file cannot be written. */
async function writeJunit(file: string, summary: Summary): Promise<string> {
  try {
    const { junit } = await import('../../text/junit.ts');
    if (callerFile(file) === null) mkdirSync(dirname(resolve(file)), { recursive: true });
    const fd = callerFile(file) ?? openRegular(file, 'write', { mode: 0o644 });
    ftruncateSync(fd);
    writeWhole(fd, junit(summary));
    closeSync(fd);
    return `${file}: written`;
  } catch (error) {
    return `${file}: not written: ${(error as Error).message}`;
  }
}

/** The command for the report of a run; its files are named unless they are the usual ones of this folder. */
function reportCommandLine(run: string, { decisions, samples }: OpsPaths): string {
  const files = [
    ...(decisions === opsPaths(DECISIONS).decisions ? [] : ['--decisions', decisions]),
    ...(samples === opsPaths(decisions).samples ? [] : ['--samples', samples]),
  ];
  const quoted = files.map((word) => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  // Started by npm, there is no `soak` on the PATH.
  const program = process.env['npm_command'] === undefined ? 'soak' : 'npx soak';
  return [`${program} report`, run.slice(0, 8), ...quoted].join(' ');
}
