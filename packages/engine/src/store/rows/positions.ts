import type Database from 'better-sqlite3';
import type { Position, PositionSeed, SavedHole } from '../../core/dedupe/gaps.ts';
import type { KnownMarkets } from './markets.ts';

/** Where a stream of trade ids stands; `market` is the run's own index. */
export interface PositionRow {
  market: number;
  position: Position;
}

/** Keeps one row for each market and numbering: what a restart resumes from costs O(streams). */
export function positionsWriter(db: Database.Database, markets: KnownMarkets) {
  const put = db.prepare(
    `INSERT INTO stream_positions (market, numbering, last_id, last_ts, counting, ids, holes, updated_ms)
     VALUES (@market, @numbering, @lastId, @lastTs, @counting, @ids, @holes, @nowMs)
     ON CONFLICT (market, numbering) DO UPDATE SET last_id = excluded.last_id, last_ts = excluded.last_ts,
       counting = excluded.counting, ids = excluded.ids, holes = excluded.holes, updated_ms = excluded.updated_ms`,
  );
  return (rows: readonly PositionRow[], nowMs: number) => {
    for (const { market, position } of rows)
      put.run({
        ...position,
        market: markets.of(market).id,
        counting: position.counting ? 1 : 0,
        ids: JSON.stringify(position.ids),
        holes: JSON.stringify(position.holes),
        nowMs,
      });
  };
}

interface Saved {
  venue: string;
  wire: string;
  numbering: string;
  last_id: string;
  last_ts: number;
  counting: number;
  ids: string;
  holes: string;
}

export function readPositions(db: Database.Database): PositionSeed[] {
  const rows = db
    .prepare(
      `SELECT venue, wire_symbol AS wire, numbering, last_id, last_ts, counting, ids, holes
       FROM stream_positions JOIN markets ON markets.id = market ORDER BY market, numbering`,
    )
    .all() as Saved[];
  return rows.map(({ venue, wire, numbering, last_id, last_ts, counting, ids, holes }) => ({
    venue,
    wire,
    numbering,
    lastId: last_id,
    lastTs: last_ts,
    counting: counting === 1,
    ids: JSON.parse(ids) as string[],
    holes: JSON.parse(holes) as SavedHole[],
  }));
}
