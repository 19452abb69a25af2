import { statSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import Database from 'better-sqlite3';
import { moveAside, refuseCorrupt } from './check.ts';
import { makeFolderOf } from './make-folder.ts';
import { giveFreePagesBack, migrate, versionOf } from './migrate.ts';
import { DatabaseRefused, isCorruption, refusalOf } from './refusals.ts';

/** name, value set, value read back: https://www.sqlite.org/pragma.html. synchronous 1 = NORMAL, temp_store 2 = MEMORY. */
const PRAGMAS = [
  ['journal_mode', 'WAL', 'wal'],
  ['synchronous', 'NORMAL', 1],
  ['busy_timeout', '5000', 5000],
  ['temp_store', 'MEMORY', 2],
  // 1 MB instead of better-sqlite3's 16: what is appended is not read again, and a batch changes some 200 pages.
  ['cache_size', '-1000', -1000],
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
  /** Whether the file gives freed pages back: `no room` if it is an old one that could not be rewritten for that now. */
  compacted: 'yes' | 'no room';
  /** Where a corrupt database was moved to, if there was one. */
  movedAside: string | null;
}

/**
 * Opens or creates the engine's database, checks it, migrates it forward after a backup, and verifies its settings. With
 * `recover` a corrupt one is moved aside and a new one begun. Throws DatabaseRefused or DatabaseUnavailable.
 */
export function openDatabase(path: string, recover = false): Opened {
  try {
    makeFolderOf(path);
    const movedAside = recover ? moveAsideIfCorrupt(path) : null;
    return { ...openSound(path), movedAside };
  } catch (error) {
    throw refusalOf(path, error);
  }
}

function openSound(path: string): Omit<Opened, 'movedAside'> {
  const version = examine(path);
  const db = new Database(path, { timeout: 5000 });
  try {
    // On in better-sqlite3: foreign keys of the earlier system's tables would forbid the migration, ours have none.
    db.pragma('foreign_keys = OFF');
    // Of a new file; one that has tables takes it at its next VACUUM: https://www.sqlite.org/pragma.html#pragma_auto_vacuum
    db.pragma('auto_vacuum = INCREMENTAL');
    const migrated = migrate(db, path, version);
    const compacted = giveFreePagesBack(db, path);
    return { db, pragmas: setPragmas(db), migrated, compacted };
  } catch (error) {
    db.close();
    throw error;
  }
}

function moveAsideIfCorrupt(path: string): string | null {
  try {
    examine(path);
    return null;
  } catch (error) {
    if (!isCorruption(error)) throw error;
    return moveAside(path);
  }
}

/**
 * The version of a database that is sound and ours. By a connection that cannot write: the last one to close would put the
 * WAL into the file, and what is refused stays as it is.
 */
function examine(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || (stat.isFile() && stat.size === 0)) return 0;
  if (!stat.isFile()) throw new DatabaseRefused(`${path}: is not a file; valid: a SQLite database`);
  const look = (readonly: boolean) => {
    const db = new Database(path, { readonly, timeout: 5000 });
    try {
      const version = versionOf(db, path);
      refuseCorrupt(db, path, version);
      return version;
    } finally {
      db.close();
    }
  };
  try {
    return look(true);
  } catch (error) {
    // The journal of a transaction that was cut short has to be rolled back first: https://www.sqlite.org/rescode.html
    if (!/^SQLITE_READONLY/.test(errorCode(error) ?? '')) throw error;
    return look(false);
  }
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
