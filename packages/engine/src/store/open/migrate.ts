import { existsSync, renameSync, rmSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { MIGRATIONS, SCHEMA_VERSION } from '@hybrid-soak/contract/schema.ts';
import type Database from 'better-sqlite3';
import { bringOver, setAside } from './earlier-system.ts';
import { DatabaseRefused, lasts } from './refusals.ts';

/** The schema's version; 0 is an empty database's and the earlier system's. Throws DatabaseRefused if it is not ours. */
export function versionOf(db: Database.Database, path: string): number {
  const version = db.pragma('user_version', { simple: true }) as number;
  if (version > SCHEMA_VERSION) {
    const newer = `schema version ${version} is newer than this engine's ${SCHEMA_VERSION}`;
    throw new DatabaseRefused(
      `${path}: ${newer}; nothing was changed; valid: a newer engine, or another [app] db_path`,
    );
  }
  if (version > 0 && !isThere(db, 'engine_status'))
    throw new DatabaseRefused(
      `${path}: is another program's database; nothing was changed; valid: another [app] db_path`,
    );
  return version;
}

/** Brings the database forward in one transaction, after a backup if it holds anything; the path of the backup. */
export function migrate(db: Database.Database, path: string, version: number): string | null {
  if (version === SCHEMA_VERSION) return null;
  const empty = db.prepare('SELECT 1 FROM sqlite_master').get() === undefined;
  const backup = empty ? null : backUp(db, path, version);
  // Views and triggers of others keep the names that they were written with: https://www.sqlite.org/lang_altertable.html
  db.pragma('legacy_alter_table = ON');
  try {
    db.transaction(() => {
      if (version === 0) setAside(db);
      for (let next = version + 1; next <= SCHEMA_VERSION; next++) db.exec(MIGRATIONS[next] as string);
      if (version === 0) bringOver(db);
      db.pragma(`user_version = ${SCHEMA_VERSION}`);
    }).exclusive();
  } catch (error) {
    // Nothing was changed: a database that is busy would be copied again by each start. The copy stays if the disk fails.
    if (backup !== null && !/^SQLITE_IOERR/.test(errorCode(error) ?? '')) rmSync(backup, { force: true });
    if (lasts(path, error) !== null) throw error;
    const why = `cannot be migrated to schema version ${SCHEMA_VERSION} (${(error as Error).message})`;
    throw new DatabaseRefused(
      `${path}: ${why}; nothing was changed; valid: a database of this engine or of the earlier system`,
    );
  }
  db.pragma('legacy_alter_table = OFF');
  return backup;
}

/**
 * An older database keeps freed pages for ever. It is rewritten once, if the disk has room for its WAL (a whole copy) and as
 * much again for SQLite's temporary file.
 */
export function giveFreePagesBack(db: Database.Database, path: string): 'yes' | 'no room' {
  const isIncremental = () => db.pragma('auto_vacuum', { simple: true }) === 2;
  if (isIncremental()) return 'yes';
  const { bavail, bsize } = statfsSync(dirname(path));
  if (bavail * bsize < 2.5 * statSync(path).size) return 'no room';
  db.pragma('auto_vacuum = INCREMENTAL');
  try {
    db.exec('VACUUM');
  } catch (error) {
    // Another file system may be the one of temporary files. Nothing is lost: freed pages are used again, not given back.
    if (errorCode(error) !== 'SQLITE_FULL') throw error;
  }
  return isIncremental() ? 'yes' : 'no room';
}

/** A whole copy, also of what the WAL holds and while others write; under its name only when it is complete. */
function backUp(db: Database.Database, path: string, version: number): string {
  let backup = `${path}.v${version}.bak`;
  for (let n = 1; existsSync(backup); n++) backup = `${path}.v${version}.bak.${n}`;
  const part = `${backup}.part`;
  try {
    rmSync(part, { force: true });
    db.prepare('VACUUM INTO ?').run(part);
    renameSync(part, backup);
  } catch (error) {
    rmSync(part, { force: true });
    throw error;
  }
  return backup;
}

const isThere = (db: Database.Database, name: string): boolean =>
  db.prepare('SELECT 1 FROM sqlite_master WHERE name = ?').get(name) !== undefined;
