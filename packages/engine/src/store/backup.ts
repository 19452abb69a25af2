import {
  closeSync,
  createReadStream,
  createWriteStream,
  existsSync,
  fsyncSync,
  linkSync,
  openSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import Database from 'better-sqlite3';
import { DatabaseRefused, refusalOf } from './open/refusals.ts';

/** 4 MB a step: the process answers to signals in between. */
const PAGES_PER_STEP = 1024;

/** Where the copy goes: a path that must be free, or a descriptor of an empty file that is open already. */
export type BackupTarget = { path: string } | { fd: number };

/** `copied` and `pages`: pages of the database. */
export type BackupProgress = (what: 'copying' | 'checking', copied: number, pages: number) => void;

/**
 * Makes a consistent copy of a database that may be written meanwhile, by SQLite's backup API in steps
 * (https://www.sqlite.org/backup.html), and checks it. One read transaction is held throughout: the copy would begin again at
 * each commit of another process otherwise. The copy is one file, without a WAL. Throws DatabaseRefused or
 * DatabaseUnavailable; then there is no copy. Returns its size in pages.
 */
export async function backUp(path: string, target: BackupTarget, progress: BackupProgress): Promise<number> {
  if ('path' in target && existsSync(target.path))
    throw new DatabaseRefused(`${target.path}: is there already; valid: a path that is free`);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined)
    throw new DatabaseRefused(`${path}: no such file; valid: a database that an engine has made`);
  // Opening a FIFO would wait for its other end.
  if (!found.isFile()) throw new DatabaseRefused(`${path}: is not a file; valid: a SQLite database`);
  const part = 'path' in target ? `${target.path}.part` : join(dirname(path), `.backup-${process.pid}.part`);
  try {
    const pages = await copy(path, part, progress);
    if ('path' in target) publish(part, target.path);
    else await stream(part, target.fd);
    return pages;
  } catch (error) {
    throw refusalOf(path, error);
  } finally {
    for (const end of ['', '-journal']) rmSync(part + end, { force: true });
  }
}

async function copy(path: string, part: string, progress: BackupProgress): Promise<number> {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 5000 });
  let pages = 0;
  try {
    db.exec('BEGIN');
    const version = db.pragma('user_version', { simple: true });
    db.prepare('SELECT COUNT(*) FROM sqlite_master').get();
    await db.backup(part, {
      progress({ totalPages, remainingPages }) {
        pages = totalPages;
        progress('copying', totalPages - remainingPages, totalPages);
        return PAGES_PER_STEP;
      },
    });
    progress('checking', pages, pages);
    check(part, version);
  } finally {
    db.close();
  }
  return pages;
}

function check(part: string, version: unknown): void {
  const db = new Database(part);
  try {
    db.pragma('journal_mode = DELETE');
    const said = db.pragma('integrity_check(1)', { simple: true });
    const same = db.pragma('user_version', { simple: true }) === version;
    if (said !== 'ok' || !same)
      throw new DatabaseRefused(`the copy is not sound (${said}): it was deleted; valid: another disk`);
  } finally {
    db.close();
  }
  const fd = openSync(part, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Under its name only if that is still free. */
function publish(part: string, path: string): void {
  try {
    linkSync(part, path);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    throw new DatabaseRefused(`${path}: is there already; valid: a path that is free`);
  }
}

async function stream(part: string, fd: number): Promise<void> {
  await pipeline(createReadStream(part), createWriteStream('', { fd, autoClose: false }));
  fsyncSync(fd);
}
