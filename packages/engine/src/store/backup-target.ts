import {
  closeSync,
  createReadStream,
  createWriteStream,
  fsyncSync,
  ftruncateSync,
  linkSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statfsSync,
  statSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { lastsByCode } from '../core/lasts.ts';
import { DatabaseRefused, DatabaseUnavailable } from './open/refusals.ts';

/** Where the copy goes: a path that must be free, or a descriptor of an empty file that is open already. */
export type BackupTarget = { path: string } | { fd: number };

/** Left by a backup that was killed: a running one writes its own more often. */
const ABANDONED_MS = 3_600_000;
const IN_DATA = /^\.backup\.[0-9a-z]+\.part(-journal)?$/;

/** A new, empty file for the unfinished copy: beside the target, or beside the database if the target is a descriptor. */
export function newPart(target: BackupTarget, database: string): string {
  if ('fd' in target) removeAbandoned(dirname(database));
  const path = 'path' in target ? resolve(target.path) : join(dirname(database), '.backup');
  const part = `${path}.${Math.random().toString(36).slice(2)}.part`;
  try {
    closeSync(openSync(part, 'wx'));
    return part;
  } catch (error) {
    throw notWritten(part, error);
  }
}

function removeAbandoned(folder: string): void {
  const before = Date.now() - ABANDONED_MS;
  for (const name of readdirSync(folder).filter((name) => IN_DATA.test(name))) {
    const path = join(folder, name);
    if ((statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? before) < before) rmSync(path, { force: true });
  }
}

export function removePart(part: string): void {
  for (const end of ['', '-journal']) rmSync(part + end, { force: true });
}

/** Throws if anything is there, a link to nothing too. */
export function needFree(path: string): void {
  if (path.endsWith('/')) throw new DatabaseRefused(`${path}: names a folder; valid: the path of a new file`);
  try {
    if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return;
  } catch (error) {
    throw notWritten(path, error);
  }
  throw taken(path);
}

const taken = (path: string) => new DatabaseRefused(`${path}: is there already; valid: a path that is free`);

/** What went wrong with the copy and not with the database. */
export function notWritten(part: string, error: unknown): Error {
  const code = errorCode(error);
  if (lastsByCode(code) === null) return error as Error;
  const problem = `${dirname(part)}: the copy cannot be written there (${code})`;
  return lastsByCode(code) === 'now'
    ? new DatabaseUnavailable(`${problem}; valid: a folder with room for it, on a disk that works`)
    : new DatabaseRefused(`${problem}; valid: a folder that this account may write in`);
}

/** A disk that the copy fills would stop the engine if it is the same one. */
export function needRoom(part: string, bytes: number): void {
  const { bsize, bavail, blocks } = statfsSync(dirname(part));
  // Some file systems do not say.
  if (blocks === 0 || bavail * bsize >= bytes) return;
  const mib = (n: number) => Math.ceil(n / 2 ** 20);
  throw new DatabaseUnavailable(
    `${dirname(part)}: ${mib(bavail * bsize)} MiB are free, the copy needs ${mib(bytes)}; valid: a folder with room for it`,
  );
}

/** Under its name only if that is still free. */
export function publish(part: string, path: string): void {
  try {
    linkSync(part, path);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') throw taken(path);
    if (!/^(EPERM|ENOSYS|ENOTSUP|EOPNOTSUPP|EMLINK)$/.test(errorCode(error) ?? '')) throw notWritten(part, error);
    moveWithoutLinks(part, path);
  }
  try {
    sync(dirname(path));
  } catch (error) {
    // The folder may be one that this account cannot read; some file systems have no fsync of folders.
    if (!/^(EACCES|EINVAL)$/.test(errorCode(error) ?? '')) throw notWritten(part, error);
  }
}

/** A file system without links, as a memory stick has: the name is taken by an empty file first. */
function moveWithoutLinks(part: string, path: string): void {
  try {
    closeSync(openSync(path, 'wx'));
  } catch (error) {
    throw errorCode(error) === 'EEXIST' ? taken(path) : notWritten(part, error);
  }
  try {
    renameSync(part, path);
  } catch (error) {
    rmSync(path, { force: true });
    throw notWritten(part, error);
  }
}

export function sync(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

export async function stream(part: string, fd: number, signal: AbortSignal): Promise<void> {
  try {
    await pipeline(createReadStream(part), createWriteStream('', { fd, autoClose: false }), { signal });
    fsyncSync(fd);
  } catch (error) {
    ftruncateSync(fd);
    signal.throwIfAborted();
    throw error;
  }
}
