import type Database from 'better-sqlite3';
import type { LifeEnd } from './batch.ts';

/**
 * Begins this process's row in `engine_lives`. A row that is still open is of an engine that was killed: it ended with its last
 * heartbeat, and no exit code is known. Returns the function that ends the new row.
 */
export function beginLife(
  db: Database.Database,
  life: { invocationId: string | null; pid: number; startedMs: number },
): (end: LifeEnd, nowMs: number, ranMs: number) => void {
  const begin = db.transaction(() => {
    db.exec(
      `UPDATE engine_lives SET end_reason = 'crash',
         ended_ms = MAX(started_ms, COALESCE((SELECT last_flush_ms FROM engine_status s WHERE s.started_ms = engine_lives.started_ms), 0)),
         totals = (SELECT counters FROM engine_status s WHERE s.started_ms = engine_lives.started_ms)
       WHERE ended_ms IS NULL`,
    );
    return db
      .prepare('INSERT INTO engine_lives (invocation_id, pid, started_ms) VALUES (@invocationId, @pid, @startedMs)')
      .run(life).lastInsertRowid;
  });
  const id = begin.immediate();
  const end = db.prepare(
    `UPDATE engine_lives SET ended_ms = MAX(started_ms, @nowMs), ran_ms = @ranMs, end_reason = @reason, exit_code = @exitCode, totals = @totals
     WHERE id = @id`,
  );
  return (how, nowMs, ranMs) => {
    end.run({ ...how, nowMs, ranMs, id });
  };
}
