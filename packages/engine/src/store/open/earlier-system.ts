import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import type Database from 'better-sqlite3';

const EARLIER = 'earlier_';
const CREATED = Object.values(MIGRATIONS)
  .join('')
  .matchAll(/CREATE (?:TABLE|(?:UNIQUE )?INDEX) (\w+)/g);
const OURS = new Set(Array.from(CREATED, ([, name]) => name as string));

/** The earlier system's tables make room for ours; its other tables stay as they are. */
export function setAside(db: Database.Database): void {
  for (const name of OURS) {
    // SQLite's names are the same in either case.
    const found = db.prepare('SELECT type FROM sqlite_master WHERE name = ? COLLATE NOCASE').get(name) as
      | { type: string }
      | undefined;
    if (found === undefined) continue;
    if (found.type === 'view') db.exec(`CREATE TABLE "${EARLIER}${name}" AS SELECT * FROM "${name}"`);
    if (found.type === 'table') db.exec(`ALTER TABLE "${name}" RENAME TO "${EARLIER}${name}"`);
    else db.exec(`DROP ${found.type} "${name}"`);
  }
}

/**
 * The earlier system's ticks move into the new table with their ids. What cannot be a tick stays where it was set aside,
 * with `signals`, `orders` and `trades`, which mean something else. No id that was ever given is given again.
 */
export function bringOver(db: Database.Database): void {
  for (const name of OURS) goOnCounting(db, name);
  const columns = columnsOf(db, `${EARLIER}ticks`);
  if (!['symbol', 'price', 'ts'].every((name) => columns.has(name))) return;
  const id = columns.get('id')?.pk === 1 ? 'id' : 'NULL';
  const volume = columns.has('volume') ? 'COALESCE(CAST(volume AS REAL), 0)' : '0';
  const source = columns.has('source') ? 'source' : 'NULL';
  const isTick = `symbol IS NOT NULL AND CAST(price AS REAL) > 0 AND ${MILLISECONDS} > 0`;
  const { changes } = db
    .prepare(
      `INSERT INTO ticks (id, symbol, price, volume, ts, source)
       SELECT ${id}, symbol, CAST(price AS REAL), ${volume}, ${MILLISECONDS}, ${source} FROM ${EARLIER}ticks WHERE ${isTick}`,
    )
    .run();
  const { n } = db.prepare(`SELECT COUNT(*) AS n FROM ${EARLIER}ticks`).get() as { n: number };
  if (n === changes) db.exec(`DROP TABLE ${EARLIER}ticks`);
}

/** A number of seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by its size, or a date as text. */
const MILLISECONDS = `CAST(ROUND(CASE
  WHEN typeof(ts) = 'text' AND ts GLOB '*[-:]*' THEN unixepoch(ts, 'subsec') * 1000.0
  WHEN CAST(ts AS REAL) < 1e11 THEN CAST(ts AS REAL) * 1e3
  WHEN CAST(ts AS REAL) < 1e14 THEN CAST(ts AS REAL)
  WHEN CAST(ts AS REAL) < 1e17 THEN CAST(ts AS REAL) / 1e3
  ELSE CAST(ts AS REAL) / 1e6 END) AS INTEGER)`;

function goOnCounting(db: Database.Database, name: string): void {
  if (columnsOf(db, `${EARLIER}${name}`).get('id')?.type !== 'INTEGER') return;
  db.prepare(
    `INSERT INTO sqlite_sequence (name, seq) SELECT @name, MAX(
       COALESCE((SELECT MAX(id) FROM ${EARLIER}${name}), 0),
       COALESCE((SELECT seq FROM sqlite_sequence WHERE name = @earlier), 0))`,
  ).run({ name, earlier: `${EARLIER}${name}` });
}

function columnsOf(db: Database.Database, table: string): Map<string, { type: string; pk: number }> {
  const columns = db.pragma(`table_info(${table})`) as { name: string; type: string; pk: number }[];
  return new Map(columns.map((column) => [column.name.toLowerCase(), column]));
}
