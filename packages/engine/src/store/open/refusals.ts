import { isCorruption, isTransient } from './check.ts';

/** The database cannot be used; nothing in it was changed. The message says which file, why, and what would be right. */
export class DatabaseRefused extends Error {
  override name = 'DatabaseRefused';
}

/** The database cannot be had now: locked for longer than the busy timeout, or the disk is full or failing. */
export class DatabaseUnavailable extends Error {
  override name = 'DatabaseUnavailable';
}

/** What an error of opening the database means for the engine. */
export function refusalOf(path: string, error: unknown): Error {
  if (error instanceof DatabaseRefused || error instanceof DatabaseUnavailable) return error;
  const { message, code } = error as { message: string; code?: string };
  if (isTransient(error)) return new DatabaseUnavailable(`${path}: ${message}`);
  const recover = '`hybrid-engine run --recover` moves it aside and begins a new one';
  if (code === 'SQLITE_NOTADB')
    return new DatabaseRefused(
      `${path}: is not a SQLite database; nothing was changed; valid: another [app] db_path, or: ${recover}`,
    );
  if (isCorruption(error))
    return new DatabaseRefused(`${path}: is corrupt (${message}); nothing was changed; valid: ${recover}`);
  return new DatabaseRefused(`${path}: ${message}; valid: a SQLite database in a writable folder`);
}
