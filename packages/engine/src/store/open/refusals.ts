import { accessSync, closeSync, constants, existsSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { type Lasts, lastsByCode } from '../../core/lasts.ts';

/** The database cannot be used, for good: exit 12. Nothing in it was changed. The message says which file, why, and what is valid. */
export class DatabaseRefused extends Error {
  override name = 'DatabaseRefused';
}

/** The database cannot be used for now: exit 13 once the deadline has passed. */
export class DatabaseUnavailable extends Error {
  override name = 'DatabaseUnavailable';
}

/** How long the failure lasts; null if it is a bug. */
export function lasts(path: string, error: unknown): Lasts | null {
  if (error instanceof DatabaseUnavailable) return 'now';
  if (error instanceof DatabaseRefused) return 'good';
  const found = lastsByCode(errorCode(error));
  if (found !== 'ask') return found;
  return lastsByCode(whyNotWritable(path)) === 'good' ? 'good' : 'now';
}

/** What the system says about writing to the file, or about making it; undefined if nothing is in the way. */
function whyNotWritable(path: string): string | undefined {
  try {
    // access(2) and not open(2): closing any descriptor of the file would release the locks that SQLite has on it.
    if (existsSync(path)) accessSync(path, constants.R_OK | constants.W_OK);
    accessSync(dirname(path), constants.W_OK | constants.X_OK);
    closeSync(openSync('/dev/null', 'r'));
    return undefined;
  } catch (error) {
    return errorCode(error);
  }
}

/** Whether SQLite says that the file itself is broken. */
export const isCorruption = (error: unknown): boolean => /^SQLITE_(CORRUPT|NOTADB)/.test(errorCode(error) ?? '');

/** What a failure means for the engine: DatabaseRefused, DatabaseUnavailable, or the error itself if it is a bug. */
export function refusalOf(path: string, error: unknown): Error {
  if (error instanceof DatabaseRefused || error instanceof DatabaseUnavailable) return error;
  const { message } = error as Error;
  const how = lasts(path, error);
  if (how === null) return error as Error;
  if (how === 'now') return new DatabaseUnavailable(`${path}: ${errorCode(error)}: ${message}`);
  const recover = '`hybrid-engine run --recover` moves it aside and begins a new one';
  if (errorCode(error) === 'SQLITE_NOTADB')
    return new DatabaseRefused(
      `${path}: is not a SQLite database; nothing was changed; valid: another [app] db_path, or: ${recover}`,
    );
  if (isCorruption(error))
    return new DatabaseRefused(`${path}: is corrupt (${message}); nothing was changed; valid: ${recover}`);
  return new DatabaseRefused(`${path}: ${message}; valid: a SQLite database in a writable folder`);
}
