import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fchownSync,
  fsyncSync,
  lstatSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { openRegular, UnsafeFile } from './safe-open.ts';

export interface ReplaceOptions {
  /** Permissions; without it those of the file that is replaced, or 0640. */
  mode?: number;
  /** False for a file that may be lost with the power: no fsync. */
  durable?: boolean;
}

/**
 * Replaces a file as a whole: temporary file in the same folder, fsync, rename, fsync of the folder. Owner and mode are kept
 * and set by descriptor; the temporary name is random and must be new, so that nobody can have put a link there. Throws
 * UnsafeFile if the path holds a link or anything but a regular file.
 */
export function replaceFile(path: string, text: string, { mode, durable = true }: ReplaceOptions = {}): void {
  const old = lstatSync(path, { throwIfNoEntry: false });
  if (old?.isSymbolicLink()) throw new UnsafeFile(path, 'ELOOP', 'is a symbolic link');
  if (old !== undefined && !old.isFile())
    throw new UnsafeFile(path, old.isDirectory() ? 'EISDIR' : 'ENXIO', 'is not a regular file');
  const temporary = temporaryBeside(path);
  const fd = openRegular(temporary, 'create', { mode: 0o600 });
  try {
    try {
      if (old !== undefined && needsOwner(old)) fchownSync(fd, old.uid, old.gid);
      // After chown(2), which clears the set-id bits.
      fchmodSync(fd, mode ?? (old === undefined ? 0o640 : old.mode & 0o7777));
      writeWhole(fd, text);
      if (durable) fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  if (durable) syncFolder(dirname(path));
}

/** A new random name in the same folder. */
export const temporaryBeside = (path: string): string =>
  join(dirname(path), `.${basename(path)}.${randomBytes(RANDOM_BYTES).toString('hex')}`);

/** Removes what a kill has left of writing `path`; no other writer of it is at work. */
export function removeTemporaries(path: string): void {
  const begins = `.${basename(path)}.`;
  for (const name of readdirSync(dirname(path)))
    if (name.startsWith(begins) && LEFT.test(name.slice(begins.length)))
      rmSync(join(dirname(path), name), { force: true });
}

const RANDOM_BYTES = 9;
const LEFT = new RegExp(`^[0-9a-f]{${2 * RANDOM_BYTES}}$`);

/** In a set-group-ID folder the new file has its group already, which a stranger to that group could not give it. */
const needsOwner = ({ uid, gid }: { uid: number; gid: number }) =>
  uid !== process.geteuid?.() || gid !== process.getegid?.();

/** Writes all of it: write(2) may take less than it is given, on a full disk for example. */
export function writeWhole(fd: number, text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}

export function syncFolder(path: string): void {
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
