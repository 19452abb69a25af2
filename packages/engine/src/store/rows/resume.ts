import type Database from 'better-sqlite3';
import type { OpenGap, Seeds, StreamSeed } from '../../core/dedupe/gaps.ts';
import type { Holding } from '../../core/shadow/execution.ts';

/** Rows looked at from the end of `ticks`: a few milliseconds at any size of the table. */
const TICKS = 20_000;
const GAPS = 1000;

interface TickRow {
  source: string;
  symbol: string;
  id: string;
  ts: number;
}

/** What the last run left: the ids that were written last, and the gaps that are still open. */
export function readSeeds(db: Database.Database): Seeds {
  const rows = db
    .prepare(
      `SELECT source, symbol, trade_id AS id, ts FROM ticks
       WHERE id > (SELECT MAX(id) FROM ticks) - ${TICKS} AND source IS NOT NULL AND trade_id IS NOT NULL ORDER BY id`,
    )
    .all() as TickRow[];
  const streams = new Map<string, StreamSeed>();
  for (const { source, symbol, id, ts } of rows) {
    const key = `${source}\n${symbol}`;
    const stream = streams.get(key) ?? { source, symbol, ids: [], lastTs: 0 };
    streams.set(key, stream);
    stream.ids.push(id);
    stream.lastTs = Math.max(stream.lastTs, ts);
  }
  const sampled = db.prepare('SELECT 1 FROM engine_status WHERE sample_every > 1').get() !== undefined;
  return {
    streams: [...streams.values()],
    gaps: readGaps(db, streams),
    counting: !sampled,
    holdings: readHoldings(db),
  };
}

/** The net of all fills by symbol, at the price of the last; less than a billionth is rounding. */
function readHoldings(db: Database.Database): Holding[] {
  return db
    .prepare('SELECT symbol, quantity, price FROM holdings WHERE ABS(quantity) > 1e-9 ORDER BY symbol')
    .all() as Holding[];
}

/**
 * The open gaps whose later trades are all among the rows that were looked at: the trade that showed the gap is there, and
 * what filled it came after. Of the others it is not known which ids have come since.
 */
function readGaps(db: Database.Database, streams: Map<string, StreamSeed>): OpenGap[] {
  const known = new Map([...streams].map(([key, { ids }]) => [key, new Set(ids)]));
  const gaps = db
    .prepare(
      `SELECT source, symbol, from_id AS "from", to_id AS "to" FROM gaps WHERE closed_at IS NULL ORDER BY id DESC LIMIT ${GAPS}`,
    )
    .all() as OpenGap[];
  return gaps.filter(({ source, symbol, to }) => known.get(`${source}\n${symbol}`)?.has(String(BigInt(to) + 1n)));
}

/**
 * Orders that the last run left open are ended, with the time of their last fill: nobody would fill them on. There are at
 * most `max_open_orders`, all recent.
 */
export function cancelAbandonedOrders(db: Database.Database): void {
  db.exec(
    `INSERT INTO orders (order_id, ts, symbol, source, side, quantity, price, mode, state, reason)
     SELECT last.order_id, last.ts, last.symbol, last.source, last.side,
       made.quantity - (SELECT TOTAL(quantity) FROM orders part WHERE part.order_id = last.order_id AND part.state = 'PARTIALLY_FILLED'),
       last.price, last.mode, 'CANCELED', 'the engine was stopped'
     FROM orders last JOIN orders made ON made.order_id = last.order_id AND made.state = 'NEW'
     WHERE last.id > (SELECT MAX(id) FROM orders) - ${TICKS} AND last.state IN ('NEW', 'PARTIALLY_FILLED')
       AND last.id = (SELECT MAX(id) FROM orders any WHERE any.order_id = last.order_id) ORDER BY last.id`,
  );
}

/** Intervals that a killed run left open ended with its last heartbeat, as far as anybody knows. */
export function endAbandonedCoverage(db: Database.Database): void {
  db.exec(
    `UPDATE coverage SET to_ms = MAX(from_ms, COALESCE((SELECT last_flush_ms FROM engine_status), from_ms))
     WHERE to_ms IS NULL`,
  );
}
