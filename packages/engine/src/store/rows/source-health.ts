import type Database from 'better-sqlite3';
import type { SourceHealth } from '../../core/connection/health.ts';

/** What earlier processes learnt of the sources. */
export function readHealth(db: Database.Database): SourceHealth[] {
  return db
    .prepare('SELECT name, url, verdict, noted_ms AS notedMs, rest_until_ms AS restUntilMs FROM source_health')
    .all() as SourceHealth[];
}

/** Replaces what is known of a source. */
export function healthWriter(db: Database.Database): (rows: readonly SourceHealth[]) => void {
  const put = db.prepare(
    `INSERT INTO source_health (name, url, verdict, noted_ms, rest_until_ms)
     VALUES (@name, @url, @verdict, @notedMs, @restUntilMs)
     ON CONFLICT (name, url) DO UPDATE SET verdict = excluded.verdict, noted_ms = excluded.noted_ms,
     rest_until_ms = excluded.rest_until_ms`,
  );
  return (rows) => {
    for (const row of rows) put.run(row);
  };
}
