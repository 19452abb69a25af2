import { RUNGS } from '@hybrid-soak/contract/ladder.ts';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Difference } from '../core/drift/paired.ts';
import type { Outline } from '../core/ending/outline.ts';
import { formatDuration } from './duration.ts';

type Row = [label: string, of: (outline: Outline) => string];

const ROWS: Row[] = [
  ['policy', (o) => o.policy],
  ['verdict', (o) => o.verdict],
  ['because', (o) => o.reason],
  ['aborted', (o) => (o.aborted ? 'yes' : 'no')],
  ['duration', (o) => formatDuration(o.duration_s)],
  ['restarts', (o) => String(o.restarts)],
  ['stalls', (o) => String(o.stalls)],
  ...RUNGS.map((rung): Row => [`at ${rung}`, (o) => formatDuration(o.time_per_rung_s[rung])]),
  ['ticks', (o) => (o.ticks === null ? 'unknown' : String(o.ticks))],
  ['ticks lost', (o) => `${o.ticks_lost_percent} %`],
  ...RESOURCES.map((resource): Row => [`PSI ${resource}`, (o) => pressure(o.pressure[resource])]),
];

const pressure = (p: Outline['pressure'][string] | undefined) =>
  p ? `p50 ${p.p50} %, p95 ${p.p95} % of time stalled` : 'unavailable';

/** Two runs next to each other, one line a number. */
export function besideEachOther(titles: [string, string], a: Outline, b: Outline): string {
  const cells = [['', ...titles], ...ROWS.map(([label, of]) => [label, of(a), of(b)])] as [string, string, string][];
  return table(cells);
}

const figure = (value: number): string => {
  const size = Math.abs(value);
  return size >= 100 ? value.toFixed(0) : size >= 1 || size === 0 ? value.toFixed(1) : value.toPrecision(2);
};
const signed = (value: number): string => (value > 0 ? `+${figure(value)}` : figure(value));

/** What differs between two runs, and whether it is more than their noise. */
export function differencesText(titles: [string, string], differences: readonly Difference[]): string {
  if (differences.length === 0) return 'differences: too little is known of both runs (samples, 8 minutes or more)\n';
  const rows = differences.map(({ signal, unit, a, b, difference, low, high, pairs, differs }) => [
    unit === '' ? signal : `${signal}, ${unit}`,
    ...[figure(a), figure(b), `${signed(difference)} (${figure(low)} .. ${figure(high)})`],
    differs ? 'MORE THAN NOISE' : 'within the noise',
    pairs === null ? '' : String(pairs),
  ]);
  return table([['', ...titles, 'difference (99 %)', '', 'pairs'], ...rows]);
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const cells = rows.map((row) => row.map(printable));
  const widths = (cells[0] ?? []).map((_, i) =>
    cells.reduce((widest, row) => Math.max(widest, (row[i] ?? '').length), 0),
  );
  return cells
    .map(
      (row) =>
        `${row
          .map((cell, i) => cell.padEnd(widths[i] ?? 0))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
