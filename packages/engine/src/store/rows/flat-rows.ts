import type Database from 'better-sqlite3';
import type { Market } from '../../core/market.ts';
import type { FillRow, OrderRow } from '../../core/shadow/execution.ts';
import type { KnownMarkets } from './markets.ts';

type Value = string | number | null;
/**
 * Rows of one table one after another, each the values of its columns in order: what crosses to the writer thread then
 * carries no key, and is bound as it is, many rows a statement. The first value of a row is its market's index in this run,
 * the second its symbol.
 */
export type FlatRows = Value[];

export interface SignalRow {
  market: Market;
  ts: number;
  source: string;
  strategy: string;
  side: 'BUY' | 'SELL';
  price: number;
  reason: string;
}

const ROWS_PER_STATEMENT = 25;

const SIGNALS = ['market', 'symbol', 'ts', 'source', 'strategy', 'side', 'price', 'reason'];
export const pushSignal = (rows: FlatRows, row: SignalRow) =>
  rows.push(row.market.index, row.market.symbol, row.ts, row.source, row.strategy, row.side, row.price, row.reason);
export const signalInserter = (db: Database.Database, markets: KnownMarkets) =>
  inserter(db, 'signals', SIGNALS, markets);

const ORDERS = ['market', 'symbol', 'order_id', 'ts', 'source', 'side', 'quantity', 'price', 'mode', 'state', 'reason'];
export const pushOrder = (rows: FlatRows, row: OrderRow) =>
  rows.push(
    row.market.index,
    row.market.symbol,
    row.orderId,
    row.ts,
    row.source,
    row.side,
    row.quantity,
    row.price,
    row.mode,
    row.state,
    row.reason,
  );
export const orderInserter = (db: Database.Database, markets: KnownMarkets) => inserter(db, 'orders', ORDERS, markets);

const TRADES = ['market', 'symbol', 'order_id', 'ts', 'side', 'quantity', 'price', 'fee'];
export const pushFill = (rows: FlatRows, row: FillRow) =>
  rows.push(row.market.index, row.market.symbol, row.orderId, row.ts, row.side, row.quantity, row.price, row.fee);
export const fillInserter = (db: Database.Database, markets: KnownMarkets) => inserter(db, 'trades', TRADES, markets);

/** The part of each fill that changes the account; `market` is the run's own index. */
export function* fillsOf(
  rows: FlatRows,
): Generator<Pick<FillRow, 'side' | 'quantity' | 'price' | 'fee'> & { market: number }> {
  for (let at = 0; at < rows.length; at += TRADES.length) {
    const [side, quantity, price, fee] = rows.slice(at + 4, at + TRADES.length);
    yield { market: rows[at], side, quantity, price, fee } as FillRow & { market: number };
  }
}

function inserter(db: Database.Database, table: string, columns: string[], markets: KnownMarkets) {
  const row = `(${columns.map(() => '?').join(', ')})`;
  const prepare = (rows: number) =>
    db.prepare(`INSERT INTO ${table} (${columns.join(', ')}) VALUES ${new Array<string>(rows).fill(row).join(', ')}`);
  const one = prepare(1);
  const many = prepare(ROWS_PER_STATEMENT);
  const width = columns.length;
  /** A copy, with the ids of the markets; the batch itself may be written again. */
  const bound = (rows: FlatRows, from: number, to: number) => {
    const values = rows.slice(from, to);
    for (let at = 0; at < values.length; at += width) values[at] = markets.of(values[at] as number).id;
    return values;
  };
  return (rows: FlatRows): void => {
    let at = 0;
    for (const step = ROWS_PER_STATEMENT * width; at + step <= rows.length; at += step)
      many.run(bound(rows, at, at + step));
    for (; at < rows.length; at += width) one.run(bound(rows, at, at + width));
  };
}
