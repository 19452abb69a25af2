import { statSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import Database from 'better-sqlite3';
import {
  type BackupTarget,
  needFree,
  needRoom,
  newPart,
  notWritten,
  publish,
  removePart,
  stream,
  sync,
} from './backup-target.ts';
import { DatabaseRefused, isCorruption, refusalOf } from './open/refusals.ts';

/** 4 MB a step: the process answers to signals in between. */
const PAGES_PER_STEP = 1024;

/** `copied` and `pages`: pages of the database. */
export type BackupProgress = (what: 'copying' | 'checking', copied: number, pages: number) => void;

/**
 * Makes a consistent copy of a database that may be written meanwhile, by SQLite's backup API in steps
 * (https://www.sqlite.org/backup.html), and checks it. One read transaction is held throughout: the copy would begin again at
 * each commit of another process otherwise. The copy is one file, without a WAL. Throws DatabaseRefused, DatabaseUnavailable or
 * the reason of `stop`; then there is no copy, and a descriptor's file is empty. Returns its size in pages.
 */
export async function backUp(
  path: string,
  target: BackupTarget,
  progress: BackupProgress,
  stop: AbortSignal,
): Promise<number> {
  if ('path' in target) needFree(target.path);
  const db = openSource(path);
  try {
    const part = newPart(target, path);
    try {
      const pages = await copy(db, path, part, progress, stop);
      if ('path' in target) publish(part, target.path);
      else await stream(part, target.fd, stop);
      return pages;
    } finally {
      removePart(part);
    }
  } finally {
    db.close();
  }
}

/** The database in a read transaction. */
function openSource(path: string): Database.Database {
  try {
    const found = statSync(path, { throwIfNoEntry: false });
    if (found === undefined)
      throw new DatabaseRefused(`${path}: no such file; valid: a database that an engine has made`);
    // Opening a FIFO would wait for its other end.
    if (!found.isFile()) throw new DatabaseRefused(`${path}: is not a file; valid: a SQLite database`);
    const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 5000 });
    try {
      db.exec('BEGIN');
      if (db.prepare('SELECT COUNT(*) FROM sqlite_master').pluck().get() === 0)
        throw new DatabaseRefused(`${path}: is empty; valid: a database that an engine has made`);
      return db;
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    // A database in WAL mode that nobody has open is read with files of its reader's own beside it.
    if (/^SQLITE_READONLY/.test(errorCode(error) ?? ''))
      throw new DatabaseRefused(
        `${path}: the engine is stopped, and this account cannot write beside it; valid: the engine's account, or a running engine`,
      );
    throw refusalOf(path, error);
  }
}

async function copy(
  db: Database.Database,
  path: string,
  part: string,
  progress: BackupProgress,
  stop: AbortSignal,
): Promise<number> {
  const number = (name: string) => db.pragma(name, { simple: true }) as number;
  needRoom(part, number('page_count') * number('page_size'));
  let pages = 0;
  const copying = db.backup(part, {
    progress({ totalPages, remainingPages }) {
      stop.throwIfAborted();
      pages = totalPages;
      progress('copying', totalPages - remainingPages, totalPages);
      return PAGES_PER_STEP;
    },
  });
  await copying.catch((error: unknown) => {
    throw isCorruption(error) ? refusalOf(path, error) : notWritten(part, error);
  });
  progress('checking', pages, pages);
  const said = await faultOf(part, number('user_version'), stop);
  if (said !== null)
    throw new DatabaseRefused(
      `${path}: is corrupt, or the disk of the copy is: the copy was not sound (${said}) and was deleted; ` +
        'valid: another disk, or `hybrid-engine run --recover`, which begins a new database',
    );
  return pages;
}

/** What is wrong with the copy, which is one file afterwards; null if nothing is. */
async function faultOf(part: string, version: number, stop: AbortSignal): Promise<string | null> {
  try {
    const db = new Database(part, { fileMustExist: true });
    try {
      db.pragma('journal_mode = DELETE');
      if (db.pragma('user_version', { simple: true }) !== version) return 'another schema version';
    } finally {
      db.close();
    }
    const said = await integrityOf(part, stop);
    sync(part);
    return said === 'ok' ? null : (said.split('\n').at(-1) as string);
  } catch (error) {
    if (isCorruption(error)) return (error as Error).message;
    throw stop.aborted ? stop.reason : notWritten(part, error);
  }
}

function integrityOf(part: string, stop: AbortSignal): Promise<string> {
  const thread = new Worker(new URL('./check-copy-thread.ts', import.meta.url), { workerData: part });
  return new Promise((done, failed) => {
    const end = () => failed(stop.reason);
    stop.addEventListener('abort', end);
    thread.once('message', done);
    thread.once('error', failed);
    if (stop.aborted) end();
  });
}
