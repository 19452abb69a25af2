import type Database from 'better-sqlite3';
import type { GapChange } from '../../core/dedupe/gaps.ts';
import type { Batch } from './batch.ts';
import type { KnownMarkets } from './markets.ts';

/** Writes what a batch changes in `gaps` and `coverage`, in the order in which it happened. */
export function ledgerWriter(db: Database.Database, markets: KnownMarkets): (batch: Batch) => void {
  const opened = db.prepare(
    `INSERT INTO gaps (source, symbol, market, from_id, to_id, detected_at)
     VALUES (@source, @symbol, @id, @from, @to, @detectedAt)`,
  );
  const closed = db.prepare(
    `UPDATE gaps SET closed_at = @closedAt
     WHERE market = @id AND source = @source AND from_id = @from AND to_id = @to AND closed_at IS NULL`,
  );
  const begun = db.prepare(
    'INSERT INTO coverage (source, kind, from_ms, detail) VALUES (@source, @kind, @fromMs, @detail)',
  );
  const ended = db.prepare(
    'UPDATE coverage SET to_ms = @toMs WHERE source = @source AND kind = @kind AND from_ms = @fromMs AND to_ms IS NULL',
  );
  const change = (gap: GapChange) => {
    const row = { ...gap, ...markets.of(gap.market.index), market: undefined };
    (gap.is === 'opened' ? opened : closed).run(row);
  };
  return ({ gaps, coverage }) => {
    for (const gap of gaps) change(gap);
    for (const interval of coverage) (interval.is === 'begun' ? begun : ended).run(interval);
  };
}
