import { printable, printableJson } from '@hybrid-soak/contract/printable.ts';
import { stampMs } from '@hybrid-soak/contract/stamp.ts';
import type { RunRow } from '@hybrid-soak/report/runs.ts';
import { stampText, type Zone } from '@hybrid-soak/report/stamp.ts';
import { widthOf, wrapped } from '@hybrid-soak/report/terminal/line.ts';
import { Command } from 'commander';
import { supervisorOf } from '../recovery/locks.ts';
import { findPlaces, placesOf } from '../recovery/places.ts';
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
      const { ops } = flags.decisions === undefined ? await findPlaces(flags) : placesOf(flags, null);
      const rows = runsIn(flags.decisions ?? ops.decisions);
      if (flags.json) return void process.stdout.write(`${printableJson(rows)}\n`);
      // The supervisor that writes into a folder holds its lock.
      const going = supervisorOf('embedded', '', ops.folder)?.run ?? null;
      process.stdout.write(runsText(rows, going, { utc: flags.utc === true }, process.stdout.columns));
    });
}

const HEAD = ['run', 'began', 'duration', 'verdict', 'restarts', 'memory', 'coverage'];

/** A table if there is room for it, else some lines a run. */
function runsText(rows: readonly RunRow[], going: string | null, zone: Zone, columns: number | undefined): string {
  const cells = rows.map((row) => [
    row.run_id.slice(0, 8),
    stampText(stampMs(row.began), zone),
    row.duration_s === null ? '-' : formatDuration(row.duration_s),
    row.verdict ?? (row.run_id === going ? 'running' : 'unfinished'),
    String(row.restarts),
    row.memory_slope ?? '-',
    row.coverage_percent === null ? '-' : `${row.coverage_percent} %`,
  ]);
  const whole = table([HEAD, ...cells]);
  if (!columns || whole.split('\n').every((line) => widthOf(line) <= columns)) return whole;
  return cells.map((row) => `${wrapped(listed(row), columns, 10).join('\n')}\n`).join('');
}

/** `790cbaf6  2026-11-26 15:38:54 +00:00, 2m, PASS, 0 restarts, coverage 100 %` */
function listed([run, began, duration, verdict, restarts, memory, coverage]: readonly string[]): string {
  const known = [
    began,
    ...(duration === '-' ? [] : [duration]),
    verdict,
    `${restarts} restarts`,
    ...(memory === '-' ? [] : [`memory ${memory}`]),
    ...(coverage === '-' ? [] : [`coverage ${coverage}`]),
  ];
  return printable(`${run}  ${known.join(', ')}`);
}
