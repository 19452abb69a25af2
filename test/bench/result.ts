import { readFileSync } from 'node:fs';

/** What is kept of a row; null figures if this machine could not show it. */
export interface Result {
  name: string;
  median: number | null;
  spread: number | null;
  unit: string;
  target: string;
  met: boolean | null;
  note: string;
  why: string | undefined;
  /** What the row added to the run: one that was measured beside another added nothing. */
  seconds?: number;
}

/** The rows of an earlier result, as `data/bench/*.json` has them. Throws if the file is not one. */
export function earlierResult(path: string): Result[] {
  const { rows } = JSON.parse(readFileSync(path, 'utf8')) as { rows?: Result[] };
  if (!Array.isArray(rows)) throw new Error(`${path}: not a result of the bench; valid: a file of data/bench`);
  return rows;
}

/**
 * Each row beside the earlier one. A difference counts if the two middle halves lie apart: it is more than half of both spreads
 * together.
 */
export function compared(now: readonly Result[], before: readonly Result[]): string {
  const earlier = new Map(before.map((row) => [row.name, row]));
  const lines = now.map((row) => {
    const then = earlier.get(row.name);
    const figures = `${figure(then)} -> ${figure(row)}`;
    return `${row.name.padEnd(20)} ${figures.padStart(34)} ${row.unit.padEnd(9)} ${verdict(row, then)}`;
  });
  const gone = before.filter(({ name }) => !now.some((row) => row.name === name)).map(({ name }) => name);
  if (gone.length > 0) lines.push(`only in the earlier result: ${gone.join(', ')}`);
  return lines.join('\n');
}

function verdict(now: Result, then: Result | undefined): string {
  if (then === undefined) return 'a new row';
  if (now.unit !== then.unit) return `another unit: ${then.unit}`;
  if (now.median === null || then.median === null) return 'not measured';
  const by = now.median - then.median;
  const percent = `${by >= 0 ? '+' : ''}${((100 * by) / then.median).toFixed(0)} %`;
  if (Math.abs(by) <= ((now.spread ?? 0) + (then.spread ?? 0)) / 2) return `${percent}, within the spread`;
  const isBetter = now.target.startsWith('>=') === by > 0;
  return `${percent}, MORE THAN THE SPREAD: ${isBetter ? 'better' : 'worse'}`;
}

const figure = (row: Result | undefined): string =>
  row === undefined || row.median === null ? '-' : `${round(row.median)} ±${round(row.spread ?? 0)}`;

export function round(value: number): string {
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}
