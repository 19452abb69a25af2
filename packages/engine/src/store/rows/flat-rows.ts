import type Database from 'better-sqlite3';
import type { FillRow, OrderRow } from '../../core/shadow/execution.ts';

type Value = string | number | null;
/**
 * Rows of one table one after another, each the values of its columns in order: what crosses to the writer thread then
 * carries no key, and is bound as it is, many rows a statement.
 */
export type FlatRows = Value[];

export interface SignalRow {
  ts: number;
  symbol: string;
  source: string;
  strategy: string;
  side: 'BUY' | 'SELL';
  price: number;
  reason: string;
}

const ROWS_PER_STATEMENT = 25;

const SIGNALS = ['ts', 'symbol', 'source', 'strategy', 'side', 'price', 'reason'];
export const pushSignal = (rows: FlatRows, row: SignalRow) =>
  rows.push(row.ts, row.symbol, row.source, row.strategy, row.side, row.price, row.reason);
export const signalInserter = (db: Database.Database) => inserter(db, 'signals', SIGNALS);

const ORDERS = ['order_id', 'ts', 'symbol', 'source', 'side', 'quantity', 'price', 'mode', 'state', 'reason'];
export const pushOrder = (rows: FlatRows, row: OrderRow) =>
  rows.push(
    row.orderId,
    row.ts,
    row.symbol,
    row.source,
    row.side,
    row.quantity,
    row.price,
    row.mode,
    row.state,
    row.reason,
  );
export const orderInserter = (db: Database.Database) => inserter(db, 'orders', ORDERS);

const TRADES = ['order_id', 'ts', 'symbol', 'side', 'quantity', 'price', 'fee'];
export const pushFill = (rows: FlatRows, row: FillRow) =>
  rows.push(row.orderId, row.ts, row.symbol, row.side, row.quantity, row.price, row.fee);
/** The part of each fill that changes the account. */
export function* fillsOf(rows: FlatRows): Generator<Pick<FillRow, 'symbol' | 'side' | 'quantity' | 'price' | 'fee'>> {
  for (let at = 0; at < rows.length; at += TRADES.length) {
    const [symbol, side, quantity, price, fee] = rows.slice(at + 2, at + TRADES.length);
    yield { symbol, side, quantity, price, fee } as FillRow;
  }
}
export const fillInserter = (db: Database.Database) => inserter(db, 'trades', TRADES);

function inserter(db: Database.Database, table: string, columns: string[]): (rows: FlatRows) => void {
  const row = `(${columns.map(() => '?').join(', ')})`;
  const prepare = (rows: number) =>
    db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ${new Array<string>(rows).fill(row).join(', ')}`);
  const one = prepare(1);
  const many = prepare(ROWS_PER_STATEMENT);
  const width = columns.length;
  return (rows) => {
    let at = 0;
    for (const step = ROWS_PER_STATEMENT * width; at + step <= rows.length; at += step)
      many.run(rows.slice(at, at + step));
    for (; at < rows.length; at += width) one.run(rows.slice(at, at + width));
  };
}
