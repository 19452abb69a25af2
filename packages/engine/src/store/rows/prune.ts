import type Database from 'better-sqlite3';
import { tradeFolder } from './fold.ts';

/**
 * What `[storage] retain_days` bounds: the condition of an old row, and its age, ms. `trades` are added to
 * the folded part of the account first. Open gaps and coverage stay until they are closed.
 *
 * The plus keeps SQLite off the index on `ts`, all of which it would read: https://www.sqlite.org/optoverview.html, on terms
 * that a unary `+` disqualifies.
 */
const OLD: [table: string, condition: string, age: string][] = [
  ['ticks', '+ts < @before', 'ts'],
  ['signals', 'ts < @before', 'ts'],
  ['orders', 'ts < @before', 'ts'],
  ['trades', 'ts < @before', 'ts'],
  ['coverage', 'to_ms < @before', 'from_ms'],
  ['gaps', 'closed_at < @before', 'detected_at'],
  ['quarantine', 'received_ms < @before', 'received_ms'],
  ['engine_lives', 'ended_ms < @before', 'started_ms'],
];

/** Rows beyond a step that are looked at for another old one. */
const AHEAD = 100;

/** The statements of a step. Each finds its rows by their ids. */
export const PRUNE_STEP = OLD.map(([table, condition, age]) => ({
  table,
  first: `SELECT MIN(id) FROM ${table}`,
  remove: `DELETE FROM ${table} WHERE id > @after AND id <= @after + @rows AND ${condition}`,
  next: `SELECT MIN(id) FROM (SELECT id, ${age} AS age FROM ${table} WHERE id > @after + @rows ORDER BY id LIMIT ${AHEAD})
    WHERE age < @before OR age > @ahead`,
}));

/** Rows per step and table unless the caller says otherwise: a millisecond or two. */
export const PRUNE_ROWS = 500;

/**
 * One small step of retention: of each table at most `rows` that are older than `before`, ms. It looks at those ids alone, so
 * that its cost follows neither the table's size nor its age, and goes on to the next if an old row lies beyond: what has
 * to stay (an open gap, a time after `ahead`, ms) is passed over. The number of rows deleted.
 */
export function pruner(db: Database.Database): (before: number, rows: number, ahead?: number) => number {
  const tables = PRUNE_STEP.map(({ table, first, remove, next }) => ({
    table,
    after: (db.prepare(first).pluck().get() as number | null) ?? 0,
    remove: db.prepare(remove),
    next: db.prepare(next).pluck(),
  }));
  for (const table of tables) table.after--;
  const foldTrades = tradeFolder(db);
  return db.transaction((before: number, rows: number, ahead = Number.MAX_VALUE) => {
    let deleted = 0;
    for (const table of tables) {
      const step = { after: table.after, before, rows, ahead };
      if (table.table === 'trades') foldTrades(step);
      deleted += table.remove.run(step).changes;
      const next = table.next.get(step) as number | null;
      if (next !== null) table.after = next - 1;
    }
    return deleted;
  });
}
