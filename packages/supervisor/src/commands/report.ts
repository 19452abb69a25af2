import { existsSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { Unreadable } from '@hybrid-soak/report/file-source.ts';
import { NoRun } from '@hybrid-soak/report/read-log.ts';
import { type ReportInput, reportOf, writeReport } from '@hybrid-soak/report/write-report.ts';
import { Command } from 'commander';
import { callerFile } from '../adapters/caller-file.ts';
import { findPlaces } from '../recovery/places.ts';
import { Stop } from '../stop.ts';
import { withDecisions, withSamples } from './options.ts';

interface Flags {
  out: string;
  decisions?: string;
  samples?: string;
  utc?: boolean;
}

export function reportCommand(): Command {
  return withSamples(withDecisions(new Command('report')))
    .description('a run as one HTML file that needs nothing else: verdict, timeline, pressure, every decision')
    .argument('[run]', "the beginning of a run's id; -1 is the one before the last (default: the last run of the log)")
    .option('-o, --out <file>', 'where to write it; - is stdout', 'report.html')
    .option('--utc', 'times in UTC (default: local time; the page can switch)')
    .addHelpText(
      'after',
      '\nExamples:\n  soak report\n  soak report -1\n  soak report 39d48fff --out monday.html\n  ssh server soak report -o - > server.html',
    )
    .action(async (run: string | undefined, { out, utc = false, ...flags }: Flags) => {
      const { decisions, samples } = (await findPlaces(flags)).ops;
      // Those beside the log may be missing; a file that is named may not.
      if (flags.samples !== undefined && !existsSync(samples))
        throw new Stop(SOAK_EXIT.CONFIG, `${samples}: no such file; valid: the samples of a soak`);
      const input = { decisions, samples, run, utc };
      process.stdout.write(
        out === '-' ? found(out, () => reportOf(input).html) : `${printable(report({ ...input, out }))}\n`,
      );
    });
}

/** Writes it and returns one line that says so. Throws Stop if there is nothing to report on. */
export function report({ out, ...input }: ReportInput & { out: string }): string {
  // Root opened it for the caller before it became another account.
  const { run, bytes } = found(out, () => writeReport({ ...input, out: callerFile(out) ?? out }));
  return `${out}: run ${run}, ${Math.round(bytes / 1024)} KiB`;
}

/** No such run, or a file that cannot be read or written, is exit code 12. */
function found<T>(out: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (error instanceof NoRun || error instanceof Unreadable) throw new Stop(SOAK_EXIT.CONFIG, error.message);
    const code = errorCode(error);
    if (code === undefined) throw error;
    throw new Stop(SOAK_EXIT.CONFIG, `${out}: cannot be written (${code}); valid: a file in a folder that is there`);
  }
}
