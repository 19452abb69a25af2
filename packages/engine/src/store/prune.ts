import type Database from 'better-sqlite3';

/**
 * What `[storage] retain_days` bounds, and the time of a row, ms. `trades` stays: positions are summed from it. Open gaps
 * and coverage stay until they are closed.
 *
 * The plus keeps SQLite off the index on `ts`, all of which it would read: https://www.sqlite.org/optoverview.html, on terms
 * that a unary `+` disqualifies.
 */
const OLD: [table: string, condition: string][] = [
  ['ticks', '+ts < @before'],
  ['signals', 'ts < @before'],
  ['orders', 'ts < @before'],
  ['coverage', 'to_ms < @before'],
  ['gaps', 'closed_at < @before'],
  ['quarantine', 'received_ms < @before'],
];

/** The statements of a step. Each finds its rows by their ids. */
export const PRUNE_STEP = OLD.map(
  ([table, condition]) => `DELETE FROM ${table} WHERE id < (SELECT MIN(id) FROM ${table}) + @rows AND ${condition}`,
);

/** Rows a step and table where nothing else says so: a millisecond or two. */
export const PRUNE_ROWS = 500;

/**
 * One small step of retention: of each table at most `rows` of the lowest ids that are older than `before`, ms. It looks at
 * those ids alone, so that its cost follows neither the table's size nor its age. The number of rows deleted.
 */
export function pruner(db: Database.Database): (before: number, rows: number) => number {
  const steps = PRUNE_STEP.map((sql) => db.prepare(sql));
  return db.transaction((before: number, rows: number) => {
    let deleted = 0;
    for (const step of steps) deleted += step.run({ before, rows }).changes;
    return deleted;
  });
}
