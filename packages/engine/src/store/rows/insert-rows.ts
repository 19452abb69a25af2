import type Database from 'better-sqlite3';
import {
  cellsOf,
  FILL,
  type FlatRows,
  NO_TEXT,
  ORDER,
  REASON_BIT,
  type RowForm,
  SIDES,
  SIGNAL,
  STATE_BIT,
  STATES,
} from './flat-rows.ts';
import { manyRows } from './many-rows.ts';
import type { KnownMarkets } from './markets.ts';

/** Rows a statement, the most first. */
const SIZES = [50, 5, 1];
/** Different reasons that the rows of one statement may have: those of BUY and SELL. */
const REASONS = ['reason1', 'reason2'] as const;

const cases = (value: string, texts: readonly string[]) =>
  `CASE ${value} ${texts.map((text, n) => `WHEN ${n} THEN '${text}'`).join(' ')} END`;
/** Of a row column1 is its code, the others are its numbers. */
const SIDE = cases('column1 & 1', SIDES);
const STATE = cases(`(column1 >> ${STATE_BIT}) & 7`, STATES);
const REASON = `CASE column1 >> ${REASON_BIT} WHEN 1 THEN @reason1 WHEN 2 THEN @reason2 END`;
/** An id that is all prefix has no number: that is bound as NULL. */
const ORDER_ID = "@prefix || COALESCE(CAST(column2 AS INTEGER), '')";

/** What stands in each column of a table. */
const SIGNALS = {
  form: SIGNAL,
  columns: { source: '@source', strategy: '@strategy', side: SIDE, reason: REASON, ts: 'column2', price: 'column3' },
};
const ORDERS = {
  form: ORDER,
  columns: {
    order_id: ORDER_ID,
    source: '@source',
    side: SIDE,
    mode: '@mode',
    state: STATE,
    reason: REASON,
    ts: 'column3',
    quantity: 'column4',
    price: 'column5',
  },
};
const TRADES = {
  form: FILL,
  columns: { order_id: ORDER_ID, side: SIDE, ts: 'column3', quantity: 'column4', price: 'column5', fee: 'column6' },
};

export const signalInserter = (db: Database.Database, markets: KnownMarkets) =>
  inserter(db, 'signals', SIGNALS, markets);
export const orderInserter = (db: Database.Database, markets: KnownMarkets) => inserter(db, 'orders', ORDERS, markets);
export const fillInserter = (db: Database.Database, markets: KnownMarkets) => inserter(db, 'trades', TRADES, markets);

/**
 * Rows that follow one another and share market and texts go into few statements that have those bound once, so that of a row
 * its numbers alone are bound. They are arguments and not an array: Node-API takes longer for an element than for an argument.
 */
function inserter(
  db: Database.Database,
  table: string,
  { form, columns }: { form: RowForm; columns: Record<string, string> },
  markets: KnownMarkets,
) {
  const { texts, numbers } = form;
  const width = cellsOf(form);
  const keys = 1 + texts.length;
  const statements = SIZES.map((size) => manyRows(db, size, 1 + numbers, () => sql(table, columns, size, 1 + numbers)));
  return ({ cells, texts: known }: FlatRows): void => {
    for (let at = 0; at < cells.length; ) {
      const { end, reasons } = alike(cells, at, width, keys);
      const shared: Record<string, string | number | null> = { ...markets.of(cells[at] as number) };
      for (const [n, name] of texts.entries()) shared[name] = known[cells[at + 1 + n] as number] as string;
      for (const [n, name] of REASONS.entries()) shared[name] = known[reasons[n] ?? NO_TEXT] ?? null;
      for (const { size, use } of statements)
        for (const step = size * width; at + step <= end; at += step) {
          const { insert, values } = use();
          fill(values, cells, at, at + step, width, keys, reasons);
          insert.run(shared, ...values);
        }
    }
  };
}

/** How far rows share their first `keys` cells and have no more than the reasons that a statement may have. */
function alike(cells: Float64Array, from: number, width: number, keys: number): { end: number; reasons: number[] } {
  const reasons: number[] = [];
  let end = from;
  for (; end < cells.length; end += width) {
    for (let key = 0; key < keys; key++) if (cells[end + key] !== cells[from + key]) return { end, reasons };
    const reason = cells[end + keys] as number;
    if (reason === NO_TEXT || reasons.includes(reason)) continue;
    if (reasons.length === REASONS.length) return { end, reasons };
    reasons.push(reason);
  }
  return { end, reasons };
}

function fill(
  values: number[],
  cells: Float64Array,
  from: number,
  to: number,
  width: number,
  keys: number,
  reasons: readonly number[],
): void {
  let next = 0;
  for (let row = from; row < to; row += width) {
    const reason = reasons.indexOf(cells[row + keys] as number) + 1;
    values[next++] = (cells[row + keys + 1] as number) | (reason << REASON_BIT);
    for (let cell = row + keys + 2; cell < row + width; cell++) values[next++] = cells[cell] as number;
  }
}

function sql(table: string, columns: Record<string, string>, rows: number, parameters: number): string {
  const row = `(${new Array<string>(parameters).fill('?').join(', ')})`;
  const values = new Array<string>(rows).fill(row).join(', ');
  const names = ['market', 'symbol', ...Object.keys(columns)].join(', ');
  const from = ['@id', '@symbol', ...Object.values(columns)].join(', ');
  // OR FAIL: as in insert-ticks.
  return `INSERT OR FAIL INTO ${table} (${names}) SELECT ${from} FROM (VALUES ${values})`;
}
