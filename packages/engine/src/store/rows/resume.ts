import type Database from 'better-sqlite3';
import type { PositionSeed, Seeds } from '../../core/dedupe/gaps.ts';
import type { Holding } from '../../core/shadow/execution.ts';
import { readPositions } from './positions.ts';

/** Rows looked at from the end of a table: a few milliseconds at any size of it. */
const ROWS = 20_000;
/** Ids of one stream that are taken over from a database of before `stream_positions`. */
const IDS = 128;

/** What the last run left. */
export function readSeeds(db: Database.Database): Seeds {
  const positions = readPositions(db);
  return { positions: positions.length > 0 ? positions : readEarlier(db), holdings: readHoldings(db) };
}

/** The net of all fills by market, at the price of the last; less than a billionth is rounding. */
function readHoldings(db: Database.Database): Holding[] {
  return db
    .prepare(
      `SELECT venue, wire_symbol AS wire, holdings.symbol, quantity, price FROM holdings LEFT JOIN markets ON markets.id = market
       WHERE ABS(quantity) > 1e-9 ORDER BY holdings.id`,
    )
    .all() as Holding[];
}

/**
 * Where the streams stood in a database of schema 2, which knows a stream by its source and symbol: from the last of its ticks.
 * Of its open gaps we cannot know which ids arrived later; they stay open.
 */
function readEarlier(db: Database.Database): PositionSeed[] {
  const sampled = db.prepare('SELECT 1 FROM engine_status WHERE sample_every > 1').get() !== undefined;
  const rows = db
    .prepare(
      `SELECT source, symbol, trade_id AS id, ts FROM ticks WHERE id > (SELECT MAX(id) FROM ticks) - ${ROWS}
       AND market IS NULL AND source IS NOT NULL AND trade_id IS NOT NULL ORDER BY ticks.id`,
    )
    .all() as { source: string; symbol: string; id: string; ts: number }[];
  const streams = new Map<string, PositionSeed>();
  for (const { source, symbol, id, ts } of rows) {
    const key = `${source}\n${symbol}`;
    const stream = streams.get(key) ?? {
      venue: null,
      source,
      wire: symbol,
      numbering: '',
      lastId: id,
      lastTs: ts,
      counting: !sampled,
      ids: [],
      holes: [],
    };
    streams.set(key, stream);
    if (isAbove(id, stream.lastId)) stream.lastId = id;
    stream.lastTs = Math.max(stream.lastTs, ts);
    stream.ids.push(id);
    if (stream.ids.length > IDS) stream.ids.shift();
  }
  return [...streams.values()];
}

/** Ids are decimal text without leading zeros. */
const isAbove = (a: string, b: string) => a.length > b.length || (a.length === b.length && a > b);

/**
 * Ends orders that the last run left open, with the time of their last fill: this run would never fill them. There are at
 * most `max_open_orders`, all recent.
 */
export function cancelAbandonedOrders(db: Database.Database): void {
  db.exec(
    `INSERT INTO orders (order_id, ts, market, symbol, source, side, quantity, price, mode, state, reason)
     SELECT last.order_id, last.ts, last.market, last.symbol, last.source, last.side,
       made.quantity - (SELECT TOTAL(quantity) FROM orders part WHERE part.order_id = last.order_id AND part.state = 'PARTIALLY_FILLED'),
       last.price, last.mode, 'CANCELED', 'the engine was stopped'
     FROM orders last JOIN orders made ON made.order_id = last.order_id AND made.state = 'NEW'
     WHERE last.id > (SELECT MAX(id) FROM orders) - ${ROWS} AND last.state IN ('NEW', 'PARTIALLY_FILLED')
       AND last.id = (SELECT MAX(id) FROM orders any WHERE any.order_id = last.order_id) ORDER BY last.id`,
  );
}

/** Ends the intervals that a killed run left open at its last heartbeat, the last time it is known to have lived. */
export function endAbandonedCoverage(db: Database.Database): void {
  db.exec(
    `UPDATE coverage SET to_ms = MAX(from_ms, COALESCE((SELECT last_flush_ms FROM engine_status), from_ms))
     WHERE to_ms IS NULL`,
  );
}
