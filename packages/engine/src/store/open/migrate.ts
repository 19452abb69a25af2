import { existsSync, renameSync, rmSync } from 'node:fs';
import { MIGRATIONS, SCHEMA_VERSION } from '@hybrid-soak/contract/schema.ts';
import type Database from 'better-sqlite3';
import { bringOver, setAside } from './earlier-system.ts';
import { DatabaseRefused } from './refusals.ts';

/** The schema's version; 0 is an empty database's and the earlier system's. Throws DatabaseRefused where it is not ours. */
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

/** Brings the database forward in one transaction, after a backup where it holds anything; the path of the backup. */
export function migrate(db: Database.Database, path: string, version: number): string | null {
  if (version === SCHEMA_VERSION) return null;
  const empty = db.prepare('SELECT 1 FROM sqlite_master').get() === undefined;
  const backup = empty ? null : backUp(db, path, version);
  // Views and triggers of others keep the names that they were written with: https://www.sqlite.org/lang_altertable.html
  db.pragma('legacy_alter_table = ON');
  db.transaction(() => {
    if (version === 0) setAside(db);
    for (let next = version + 1; next <= SCHEMA_VERSION; next++) db.exec(MIGRATIONS[next] as string);
    if (version === 0) bringOver(db);
    db.pragma(`user_version = ${SCHEMA_VERSION}`);
  }).exclusive();
  db.pragma('legacy_alter_table = OFF');
  return backup;
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
