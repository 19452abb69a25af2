import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { type Holder, readHolder } from '@hybrid-soak/contract/lock-holder.ts';
import { isAlive } from './owner.ts';
import { replaceFile } from './replace-file.ts';
import { openRegular, readRegular, UnsafeFile } from './safe-open.ts';

/** Another supervisor holds the lock; `holder` is null while it has not said who it is. */
export class LockHeld extends Error {
  override name = 'LockHeld';
  readonly holder: Holder | null;

  constructor(path: string, holder: Holder | null) {
    super(`${path} is held by ${holder === null ? 'another supervisor' : holderText(holder)}`);
    this.holder = holder;
  }
}

/** The lock cannot be taken at all; the message says why. */
export class LockRefused extends Error {
  override name = 'LockRefused';
}

export const holderText = ({ pid, run, unit, kind }: Holder): string => `pid ${pid}, ${kind} ${run}, unit ${unit}`;

export interface Lock {
  /** `forget`: the file that says who holds it goes too. */
  release(forget?: boolean): void;
}

/**
 * flock(2) on a file that only the account that makes it can open: `flock` of util-linux is handed the descriptor, and the
 * lock stays with it until this process closes it or ends. `holder` null leaves the file that says who holds it as it is.
 * Throws LockHeld, LockRefused.
 */
export function takeLock(path: string, holder: Holder | null): Lock {
  const fd = openLock(path);
  try {
    flock(fd, path);
    // The file may have been replaced between open and flock; a lock on what has no name excludes nobody.
    if (fstatSync(fd).ino !== statSync(path, { throwIfNoEntry: false })?.ino)
      throw new LockRefused(`${path}: replaced while it was locked; valid: try again`);
    if (holder !== null) replaceFile(`${path}.json`, `${JSON.stringify(holder)}\n`, { mode: 0o644 });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  return {
    release(forget = true) {
      if (forget) rmSync(`${path}.json`, { force: true });
      closeSync(fd);
    },
  };
}

function openLock(path: string): number {
  try {
    // 0700 if nothing is installed that would have made it: who may lock is who may enter.
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openRegular(path, 'append', { mode: 0o600 });
  } catch (error) {
    if (error instanceof UnsafeFile) throw new LockRefused(error.message);
    const valid = 'valid: an account that may act on this unit: root, or a member of hybrid-soak-operators';
    throw new LockRefused(`${path}: the lock cannot be opened (${errorCode(error)}); ${valid}`);
  }
}

/** Exit code of flock(1) if another has the lock. */
const HELD = 1;

/** How long a lock that nobody living claims is waited for, seconds. */
const UNCLAIMED_S = 5;

/**
 * A supervisor that was killed in the middle of a spawn leaves its descriptors to the child until that has become another
 * program, and one that has just started has not said yet who it is: both are over in a moment.
 */
function flock(fd: number, path: string): void {
  if (takes(fd, path, ['-n'])) return;
  const holder = lockHolder(path);
  if (holder === null && takes(fd, path, ['-w', String(UNCLAIMED_S)])) return;
  throw new LockHeld(path, holder ?? lockHolder(path));
}

function takes(fd: number, path: string, wait: string[]): boolean {
  const { status, error } = spawnSync('flock', [...wait, '-x', '3'], { stdio: ['ignore', 'ignore', 'ignore', fd] });
  if (status === 0) return true;
  if (status === HELD) return false;
  throw new LockRefused(`${path}: flock failed (${errorCode(error) ?? status}); valid: install util-linux`);
}

/** What the file beside the lock says of its last holder, alive or not; null if there is none or it cannot be read. */
export function lastHolder(path: string): Holder | null {
  try {
    return readHolder(JSON.parse(readRegular(`${path}.json`).toString('utf8')));
  } catch {
    return null;
  }
}

/** The living holder; null if nobody holds it. */
export function lockHolder(path: string): Holder | null {
  const holder = lastHolder(path);
  return holder !== null && isAlive(holder) ? holder : null;
}

/** The lock file of a unit in a folder of locks. */
export const lockPath = (folder: string, unit: string): string =>
  join(folder, unit === 'hybrid-engine.service' ? 'lock' : `${unit}.lock`);
