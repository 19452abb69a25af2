import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import Database from 'better-sqlite3';

const CHUNK = 500_000;
const CACHE = resolve(import.meta.dirname, '../../data/bench/tables');

/** A database with that many ticks, kept from run to run: making it takes longer than measuring it. */
export function cachedTable(rows: number): string {
  const path = join(CACHE, `ticks-${rows}.db`);
  if (!existsSync(path)) {
    mkdirSync(CACHE, { recursive: true });
    for (const end of ['', '-wal', '-shm']) rmSync(`${path}.new${end}`, { force: true });
    fillTable(`${path}.new`, rows);
    renameSync(`${path}.new`, path);
  }
  const db = new Database(path);
  takeBack(db, rows);
  db.close();
  return path;
}

/** Appends ticks, as if the engine had run on. */
export function addTicks(db: Database.Database, rows: number): void {
  db.prepare(
    `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
     INSERT INTO ticks (symbol, price, volume, ts) SELECT 'BTCUSD', 1, 1, (SELECT MAX(ts) FROM ticks) + i FROM n`,
  ).run(rows);
}

/** Leaves the first `rows` ticks: what a measurement, perhaps one that was cut short, has appended goes. */
export function takeBack(db: Database.Database, rows: number): void {
  db.prepare('DELETE FROM ticks WHERE id > ?').run(rows);
  db.prepare("UPDATE sqlite_sequence SET seq = ? WHERE name = 'ticks'").run(rows);
  db.pragma('wal_checkpoint(TRUNCATE)');
}

/** Makes them inside SQLite. */
export function fillTable(path: string, rows: number): void {
  const { db } = openDatabase(path);
  db.pragma('synchronous = OFF');
  const insert = db.prepare(
    `WITH RECURSIVE n(i) AS (SELECT @from UNION ALL SELECT i + 1 FROM n WHERE i + 1 < @to)
     INSERT INTO ticks (symbol, price, volume, ts, source, trade_id)
     SELECT 'BTCUSD', 84000 + i % 100, 0.001, 1700000000000 + i, 'bench', CAST(1000000000 + i AS INTEGER) FROM n`,
  );
  for (let from = 0; from < rows; from += CHUNK) insert.run({ from, to: Math.min(rows, from + CHUNK) });
  db.pragma('wal_checkpoint(TRUNCATE)');
  db.close();
}
