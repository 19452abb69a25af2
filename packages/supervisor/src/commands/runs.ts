import { stampMs } from '@hybrid-soak/contract/decision.ts';
import { printableJson, printableLines } from '@hybrid-soak/contract/printable.ts';
import type { RunRow } from '@hybrid-soak/report/runs.ts';
import { stampText, type Zone } from '@hybrid-soak/report/stamp.ts';
import { Command } from 'commander';
import { findPlaces } from '../recovery/places.ts';
import { formatDuration } from '../text/duration.ts';
import { table } from '../text/outline.ts';
import { runsIn } from './compare.ts';
import { withDecisions } from './options.ts';

export function runsCommand(): Command {
  return withDecisions(new Command('runs'))
    .description('the runs of a decision log, the oldest first')
    .option('--json', 'as a JSON array')
    .option('--utc', 'times in UTC (default: local time)')
    .addHelpText('after', '\nExamples:\n  soak runs\n  soak runs --json | jq -r .[-1].verdict')
    .action(async (flags: { decisions?: string; json?: boolean; utc?: boolean }) => {
      const rows = runsIn(flags.decisions ?? (await findPlaces(flags)).ops.decisions);
      process.stdout.write(
        flags.json ? `${printableJson(rows)}\n` : printableLines(runsText(rows, { utc: flags.utc === true })),
      );
    });
}

const HEAD = ['run', 'began', 'duration', 'verdict', 'restarts', 'memory', 'coverage'];

function runsText(rows: readonly RunRow[], zone: Zone): string {
  const cells = rows.map((row) => [
    row.run_id.slice(0, 8),
    stampText(stampMs(row.began), zone),
    row.duration_s === null ? '-' : formatDuration(row.duration_s),
    row.verdict ?? 'unfinished',
    String(row.restarts),
    row.memory_slope ?? '-',
    row.coverage_percent === null ? '-' : `${row.coverage_percent} %`,
  ]);
  return table([HEAD, ...cells]);
}
