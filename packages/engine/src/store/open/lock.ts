import { existsSync, realpathSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import Database from 'better-sqlite3';
import { DatabaseRefused, refusalOf } from './refusals.ts';

/**
 * One engine per database: an exclusive transaction on an empty file beside it, which the kernel ends with its owner. Two
 * engines would take each other's rows for their own. The folder must exist. Throws DatabaseRefused if another engine has it.
 */
export function lockDatabase(path: string): Database.Database {
  try {
    const lock = new Database(`${existsSync(path) ? realpathSync(path) : path}.lock`, { timeout: 5000 });
    lock.pragma('journal_mode = OFF');
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    if (errorCode(error) !== 'SQLITE_BUSY') throw refusalOf(`${path}.lock`, error);
    throw new DatabaseRefused(
      `${path}: ${writerOf(path)} writes to it; valid: another [app] db_path, or that one stopped`,
    );
  }
}

function writerOf(path: string): string {
  try {
    const db = new Database(path, { readonly: true });
    const pid = db.prepare('SELECT pid FROM engine_status').pluck().get();
    db.close();
    return `another engine (pid ${pid})`;
  } catch {
    return 'another engine';
  }
}
