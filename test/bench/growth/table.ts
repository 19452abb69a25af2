/** One line of the growth table: what grew, to which size, and what it cost there. */
export interface Growth {
  of: 'rows' | 'sources' | 'frames/s' | 'drops';
  at: number;
  /** Figures by name; the unit is in the name. */
  cost: Record<string, number>;
}

/** The figures of one kind of growth as columns under their names. */
export function printed(lines: readonly Growth[]): string {
  const [first] = lines;
  if (first === undefined) return '';
  const names = Object.keys(first.cost);
  const cells = [
    [first.of, ...names],
    ...lines.map(({ at, cost }) => [at.toLocaleString('en'), ...names.map((name) => figure(cost[name]))]),
  ];
  const widths = cells[0]?.map((_, column) => Math.max(...cells.map((row) => (row[column] as string).length))) ?? [];
  return cells.map((row) => row.map((cell, column) => cell.padStart(widths[column] as number)).join('  ')).join('\n');
}

function figure(value: number | undefined): string {
  if (value === undefined || Number.isNaN(value)) return '-';
  return Math.abs(value) >= 1000 ? Math.round(value).toLocaleString('en') : String(Number(value.toPrecision(3)));
}
