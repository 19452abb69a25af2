import {
  closeSync,
  constants,
  fsyncSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { Stop } from '../stop.ts';
import { attributesOf, copyAttributes } from './attributes.ts';
import { syncFolder, temporaryBeside, writeWhole } from './replace-file.ts';
import { openRegular, UnsafeFile } from './safe-open.ts';

export type ConfigWay = 'rename' | 'in place';

/**
 * Writes a file so that it stays what it was in all but its text: by a rename over it if a new file can have its owner,
 * mode, ACL and extended attributes; else in place, which a kill may cut short: the caller has saved the old text. `path`
 * is not a link. Throws as the file system does.
 */
export function writeConfig(path: string, text: string): ConfigWay {
  const temporary = newFileLike(path);
  if (temporary === null) return writeInPlace(path, text);
  try {
    const fd = openSync(temporary, constants.O_WRONLY | constants.O_NOFOLLOW);
    try {
      writeWhole(fd, text);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    // EBUSY, EPERM: a mount point, or a sticky folder of another account.
    if (!['EBUSY', 'EPERM', 'EACCES', 'EXDEV'].includes(errorCode(error) ?? '')) throw error;
    return writeInPlace(path, text);
  }
  syncFolder(dirname(path));
  return 'rename';
}

function writeInPlace(path: string, text: string): ConfigWay {
  const fd = openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    writeWhole(fd, text);
    ftruncateSync(fd, Buffer.byteLength(text));
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
  return 'in place';
}

/** An empty file beside it with all its attributes; null if such a file cannot take its place. */
function newFileLike(path: string): string | null {
  const stat = lstatSync(path);
  if (stat.isSymbolicLink()) throw new UnsafeFile(path, 'ELOOP', 'is a symbolic link');
  if (stat.nlink > 1 || isMountPoint(path)) return null;
  const temporary = temporaryBeside(path);
  try {
    closeSync(openRegular(temporary, 'create', { mode: 0o600 }));
  } catch (error) {
    if (['EACCES', 'EPERM', 'EROFS'].includes(errorCode(error) ?? '')) return null;
    throw error;
  }
  copyAttributes(path, temporary);
  const wanted = attributesOf(path);
  if (wanted !== null && attributesOf(temporary) === wanted) return temporary;
  rmSync(temporary, { force: true });
  return null;
}

/** Field 5 of proc_pid_mountinfo(5), in which blanks and the like are octal. */
function isMountPoint(path: string, mountinfo = '/proc/self/mountinfo'): boolean {
  return readFileSync(mountinfo, 'utf8')
    .split('\n')
    .some(
      (line) =>
        (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, code) => String.fromCharCode(Number.parseInt(code, 8))) ===
        path,
    );
}

/** Finds out, changing nothing, how the file can be written. Throws Stop, with the command that helps, if it cannot. */
export function configWay(path: string): ConfigWay {
  const refused = whyNotOpen(path);
  const temporary = refused === null || refused.rename ? newFileLike(path) : null;
  if (temporary !== null) rmSync(temporary, { force: true });
  if (temporary !== null) return 'rename';
  if (refused === null) return 'in place';
  throw new Stop(SOAK_EXIT.CONFIG, `${path}: ${refused.why}; valid: ${refused.valid}`);
}

interface Refused {
  why: string;
  valid: string;
  /** A rename over it may still be allowed. */
  rename: boolean;
}

function whyNotOpen(path: string): Refused | null {
  try {
    closeSync(openSync(path, constants.O_WRONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK));
    return null;
  } catch (error) {
    const code = errorCode(error);
    // open(2): EPERM for writing is an immutable or append-only file, which cannot be replaced either.
    if (code === 'EPERM') return { why: 'immutable (EPERM)', valid: `chattr -ia ${path}`, rename: false };
    if (code === 'EROFS')
      return { why: 'on a read-only file system (EROFS)', valid: `mount -o remount,rw for ${path}`, rename: false };
    return { why: `not writable (${code})`, valid: whoMay(path), rename: true };
  }
}

/** An editor or a package manager, as root, leaves root's file in the supervisor's folder. */
function whoMay(path: string): string {
  const { uid, gid } = statSync(dirname(path));
  if (uid !== process.geteuid?.()) return 'an account that may write it and its folder';
  return `chown -h ${uid}:${gid} ${path}, as root`;
}
