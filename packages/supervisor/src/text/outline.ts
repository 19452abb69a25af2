import { RUNGS } from '@hybrid-soak/contract/ladder.ts';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
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
  ['ticks', (o) => (o.ticks === null ? 'not told' : String(o.ticks))],
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
