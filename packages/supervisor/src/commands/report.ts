import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { Unreadable } from '@hybrid-soak/report/file-source.ts';
import { NoRun } from '@hybrid-soak/report/read-log.ts';
import { type ReportInput, writeReport } from '@hybrid-soak/report/write-report.ts';
import { Command } from 'commander';
import { callerFile } from '../adapters/caller-file.ts';
import { findPlaces } from '../recovery/places.ts';
import { Stop } from '../stop.ts';
import { withDecisions, withSamples } from './options.ts';

interface Flags {
  out: string;
  decisions?: string;
  samples?: string;
}

export function reportCommand(): Command {
  return withSamples(withDecisions(new Command('report')))
    .description('a run as one HTML file that needs nothing else: verdict, timeline, pressure, every decision')
    .argument('[run]', "the beginning of a run's id (default: the last run of the log)")
    .option('-o, --out <file>', 'where to write it', 'report.html')
    .addHelpText('after', '\nExamples:\n  soak report\n  soak report 39d48fff --out monday.html')
    .action(async (run: string | undefined, flags: Flags) => {
      const { decisions, samples } = (await findPlaces(flags)).ops;
      process.stdout.write(`${report({ decisions, samples, run, out: flags.out })}\n`);
    });
}

/** Writes it and returns one line that says so. Throws Stop where there is nothing to report on. */
export function report(input: ReportInput & { out: string }): string {
  try {
    // Root opened it for the caller before it became another account.
    const { run, bytes } = writeReport({ ...input, out: callerFile(input.out) ?? input.out });
    return `${input.out}: run ${run}, ${Math.round(bytes / 1024)} KiB`;
  } catch (error) {
    if (error instanceof NoRun || error instanceof Unreadable) throw new Stop(SOAK_EXIT.CONFIG, error.message);
    const code = errorCode(error);
    if (code === undefined) throw error;
    throw new Stop(
      SOAK_EXIT.CONFIG,
      `${input.out}: cannot be written (${code}); valid: a file in a folder that is there`,
    );
  }
}
