import { existsSync, renameSync, statSync } from 'node:fs';
import type Database from 'better-sqlite3';

/** Up to this size the whole file is checked at every start: about a tenth of a second. */
const WHOLE_BYTES = 32 * 1024 * 1024;

/**
 * Throws an error of code SQLITE_CORRUPT if something is wrong with the file. Bounded in time: beyond 32 MB only the
 * small tables are checked whole, and of `ticks` both ends (https://www.sqlite.org/pragma.html#pragma_quick_check). One of
 * version 0 that is larger is read whole by its backup.
 */
export function refuseCorrupt(db: Database.Database, path: string, version: number): void {
  if (statSync(path).size <= WHOLE_BYTES) {
    check(db, 'quick_check(1)');
    return;
  }
  if (version === 0) return;
  db.prepare('SELECT * FROM ticks ORDER BY id LIMIT 100').all();
  db.prepare('SELECT * FROM ticks ORDER BY id DESC LIMIT 100').all();
  for (const table of ['engine_status', 'gaps', 'coverage']) check(db, `quick_check(${table})`);
}

function check(db: Database.Database, pragma: string): void {
  const said = String(db.pragma(pragma, { simple: true }));
  if (said !== 'ok') throw Object.assign(new Error(said.replace(/\s+/g, ' ')), { code: 'SQLITE_CORRUPT' });
}

/** Moves a corrupt database and its WAL aside under a name that is free; that name. The file is last: without it SQLite deletes the WAL. */
export function moveAside(path: string): string {
  let aside = `${path}.corrupt`;
  for (let n = 1; existsSync(aside); n++) aside = `${path}.corrupt.${n}`;
  for (const end of ['-journal', '-wal', '-shm', '']) if (existsSync(path + end)) renameSync(path + end, aside + end);
  return aside;
}
