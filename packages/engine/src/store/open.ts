import { closeSync, copyFileSync, existsSync, mkdirSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { MIGRATIONS, SCHEMA_VERSION } from '@hybrid-soak/contract/schema.ts';
import Database from 'better-sqlite3';
import { isCorruption, isTransient, moveAside, refuseCorrupt } from './check.ts';
import { DatabaseRefused, DatabaseUnavailable } from './refusals.ts';

/** name, value set, value read back: https://www.sqlite.org/pragma.html. synchronous 1 = NORMAL, temp_store 2 = MEMORY. */
const PRAGMAS = [
  ['journal_mode', 'WAL', 'wal'],
  ['synchronous', 'NORMAL', 1],
  ['busy_timeout', '5000', 5000],
  ['temp_store', 'MEMORY', 2],
  // 4 MB instead of better-sqlite3's 16: what is appended is not read again.
  ['cache_size', '-4000', -4000],
  // 32 MB: fewer checkpoints, each of which waits for the disk twice.
  ['wal_autocheckpoint', '8192', 8192],
  // What a long reader let the WAL grow to is given back after the next checkpoint.
  ['journal_size_limit', '67108864', 67108864],
] as const;

export interface Opened {
  db: Database.Database;
  pragmas: Record<string, unknown>;
  /** The path of the backup that was made before a migration, if there was one. */
  migrated: string | null;
  /** Where a corrupt database was moved to, if there was one. */
  movedAside: string | null;
}

/**
 * Opens or creates the engine's database, checks it, verifies its settings, and migrates it forward after a backup. With
 * `recover` a corrupt one is moved aside and a new one begun. Throws DatabaseRefused or DatabaseUnavailable.
 */
export function openDatabase(path: string, recover = false): Opened {
  refuseForeignFile(path);
  try {
    mkdirSync(dirname(path), { recursive: true });
    return { ...openSound(path), movedAside: null };
  } catch (error) {
    if (error instanceof DatabaseRefused) throw error;
    const { message } = error as Error;
    if (isTransient(error)) throw new DatabaseUnavailable(`${path}: ${message}`);
    if (!isCorruption(error))
      throw new DatabaseRefused(`${path}: ${message}; valid: a SQLite database in a writable folder`);
    if (recover) {
      const movedAside = moveAside(path);
      return { ...openSound(path), movedAside };
    }
    const valid = '`hybrid-engine run --recover` moves it aside and begins a new one';
    throw new DatabaseRefused(`${path}: is corrupt (${message}); nothing was changed; valid: ${valid}`);
  }
}

function openSound(path: string): Omit<Opened, 'movedAside'> {
  const db = new Database(path, { timeout: 5000 });
  try {
    const migrated = migrate(db, path);
    const opened = { db, pragmas: setPragmas(db), migrated };
    refuseCorrupt(db, path);
    return opened;
  } catch (error) {
    db.close();
    throw error;
  }
}

function refuseForeignFile(path: string): void {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || (stat.isFile() && stat.size === 0)) return;
  if (!stat.isFile()) throw new DatabaseRefused(`${path}: is not a file; valid: a SQLite database`);
  const head = Buffer.alloc(16);
  const fd = openSync(path, 'r');
  readSync(fd, head, 0, 16, 0);
  closeSync(fd);
  // https://www.sqlite.org/fileformat2.html#magic_header_string
  if (head.toString('latin1') !== 'SQLite format 3\0')
    throw new DatabaseRefused(`${path}: is not a SQLite database; nothing was changed; valid: another [app] db_path`);
}

function migrate(db: Database.Database, path: string): string | null {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > SCHEMA_VERSION)
    throw new DatabaseRefused(`${path}: schema version ${version} is newer than this engine's ${SCHEMA_VERSION}`);
  if (version === SCHEMA_VERSION) return null;
  const earlier = db.prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'ticks'").get() !== undefined;
  const backup = earlier ? backUp(db, path, version) : null;
  db.transaction(() => {
    if (earlier && version === 0) setAside(db);
    for (let next = version + 1; next <= SCHEMA_VERSION; next++) db.exec(MIGRATIONS[next] as string);
    if (earlier && version === 0) bringOver(db);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
  }).exclusive();
  return backup;
}

function backUp(db: Database.Database, path: string, version: number): string {
  db.pragma('wal_checkpoint(TRUNCATE)');
  let backup = `${path}.v${version}.bak`;
  for (let n = 1; existsSync(backup); n++) backup = `${path}.v${version}.bak.${n}`;
  copyFileSync(path, backup);
  return backup;
}

const EARLIER = 'earlier_';

/** The earlier system's tables make room for ours; its other tables stay as they are. */
function setAside(db: Database.Database): void {
  const ours = [...(MIGRATIONS[1] as string).matchAll(/CREATE (TABLE|INDEX) (\w+)/g)];
  for (const [, kind, name] of ours) {
    const found = db.prepare('SELECT type FROM sqlite_master WHERE name = ?').get(name) as { type: string } | undefined;
    if (found === undefined) continue;
    if (kind === 'INDEX' || found.type === 'index') db.exec(`DROP INDEX "${name}"`);
    else db.exec(`ALTER TABLE "${name}" RENAME TO "${EARLIER}${name}"`);
  }
}

/** Ticks move into the new table with their ids; `signals`, `orders`, `trades` of another shape stay set aside. */
function bringOver(db: Database.Database): void {
  db.exec(
    `INSERT INTO ticks (id, symbol, price, volume, ts) SELECT id, symbol, price, volume, ts FROM ${EARLIER}ticks`,
  );
  db.exec(`DROP TABLE ${EARLIER}ticks`);
}

function setPragmas(db: Database.Database): Record<string, unknown> {
  const read: Record<string, unknown> = {};
  for (const [name, value, expected] of PRAGMAS) {
    db.pragma(`${name} = ${value}`);
    read[name] = db.pragma(name, { simple: true });
    if (read[name] !== expected)
      throw new DatabaseRefused(`PRAGMA ${name} reads ${String(read[name])} after it was set; valid: ${expected}`);
  }
  return read;
}
