import type Database from 'better-sqlite3';
import type { Batch } from './batch.ts';

/** Writes what a batch changes in `gaps` and `coverage`, in the order in which it happened. */
export function ledgerWriter(db: Database.Database): (batch: Batch) => void {
  const opened = db.prepare(
    'INSERT INTO gaps (source, symbol, from_id, to_id, detected_at) VALUES (@source, @symbol, @from, @to, @detectedAt)',
  );
  const closed = db.prepare(
    'UPDATE gaps SET closed_at = @closedAt WHERE source = @source AND symbol = @symbol AND from_id = @from AND to_id = @to AND closed_at IS NULL',
  );
  const begun = db.prepare(
    'INSERT INTO coverage (source, kind, from_ms, detail) VALUES (@source, @kind, @fromMs, @detail)',
  );
  const ended = db.prepare(
    'UPDATE coverage SET to_ms = @toMs WHERE source = @source AND kind = @kind AND from_ms = @fromMs AND to_ms IS NULL',
  );
  return ({ gaps, coverage }) => {
    for (const change of gaps) (change.is === 'opened' ? opened : closed).run(change);
    for (const change of coverage) (change.is === 'begun' ? begun : ended).run(change);
  };
}
