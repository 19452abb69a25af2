// `npm run runbook`: writes the tables of ops/RUNBOOK.md from the contract's meanings.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ENGINE_EXIT, SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import * as meanings from '@hybrid-soak/contract/meanings.ts';

const FILE = join(import.meta.dirname, 'RUNBOOK.md');
type Table = Readonly<Record<string, meanings.Meaning>>;
type Cells = readonly (readonly string[])[];

const rows = (head: string, table: Table, first = (name: string) => name): Cells => [
  [head, 'it means', 'do'],
  ...Object.entries(table).map(([name, [means, act]]) => [first(name), means, act]),
];

/** Name of the marks around a table to the table. */
const TABLES: Record<string, Cells> = {
  verdicts: rows('verdict', meanings.VERDICT_MEANINGS),
  actions: rows('action', meanings.ACTION_MEANINGS),
  holds: rows('hold', meanings.HOLD_MEANINGS),
  causes: rows('cause', meanings.CAUSE_MEANINGS),
  quiets: rows('quiet', meanings.QUIET_MEANINGS),
  'soak-codes': rows('code', meanings.SOAK_EXIT_MEANINGS, (name) => String(SOAK_EXIT[name as keyof typeof SOAK_EXIT])),
  'engine-codes': rows('code', meanings.ENGINE_EXIT_MEANINGS, (name) =>
    String(ENGINE_EXIT[name as keyof typeof ENGINE_EXIT]),
  ),
};

/** The RUNBOOK with every table between its marks as the contract has it. */
export function withTables(text: string): string {
  return Object.entries(TABLES).reduce((whole, [name, cells]) => {
    const marks = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`);
    if (!marks.test(whole)) throw new Error(`ops/RUNBOOK.md: no <!-- ${name} -->; valid: a pair of marks`);
    return whole.replace(marks, (_, open: string, close: string) => `${open}\n${markdown(cells)}\n${close}`);
  }, text);
}

function markdown(cells: Cells): string {
  const widths = (cells[0] ?? []).map((_, i) => Math.max(...cells.map((row) => (row[i] ?? '').length)));
  const line = (row: readonly string[], fill = ' ') =>
    `| ${row.map((cell, i) => cell.padEnd(widths[i] ?? 0, fill)).join(' | ')} |\n`;
  const [head = [], ...rest] = cells;
  return [
    line(head),
    line(
      head.map(() => ''),
      '-',
    ),
    ...rest.map((row) => line(row)),
  ].join('');
}

if (import.meta.main) writeFileSync(FILE, withTables(readFileSync(FILE, 'utf8')));
