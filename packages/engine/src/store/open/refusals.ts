import { accessSync, closeSync, constants, lstatSync, openSync, readlinkSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
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
    const file = fileOf(path);
    // access(2) and not open(2): closing any descriptor of the file would release the locks that SQLite has on it.
    if (isThere(file)) accessSync(file, constants.R_OK | constants.W_OK);
    // The longest of the names that SQLite makes beside it.
    isThere(`${file}-journal`);
    accessSync(dirname(file), constants.W_OK | constants.X_OK);
    closeSync(openSync('/dev/null', 'r'));
    return undefined;
  } catch (error) {
    return errorCode(error);
  }
}

/** Throws what the system says of a name that nothing can have: too long, a loop of links, a folder that is a file. */
const isThere = (path: string): boolean => statSync(path, { throwIfNoEntry: false }) !== undefined;

/** Where a link leads, also to a file that is still to be made. */
function fileOf(path: string): string {
  if (isThere(path) || !lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink()) return path;
  return fileOf(resolve(dirname(path), readlinkSync(path)));
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
