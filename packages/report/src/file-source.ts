import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import type { ByteSource } from '@hybrid-soak/contract/json-lines.ts';

/** The file exists but cannot be read; the message says why and what would be right. */
export class Unreadable extends Error {
  override name = 'Unreadable';
}

/** A descriptor of the regular file; null if there is none. Throws Unreadable. */
export function openToRead(path: string): number | null {
  try {
    // O_NONBLOCK: opening a FIFO would wait for its other end.
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(fd);
    if (stat.isFile()) return fd;
    closeSync(fd);
    throw Object.assign(new Error(), { code: stat.isDirectory() ? 'EISDIR' : 'not a regular file' });
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return null;
    const why = code === 'ELOOP' ? 'a symbolic link' : code;
    throw new Unreadable(`${path}: cannot be read (${why}); valid: a file that this user may read`);
  }
}

/** Calls `use` with the file as it is now, and closes it; null if there is no such file. Throws Unreadable. */
export function withSource<T>(path: string, use: (source: ByteSource) => T): T | null {
  const fd = openToRead(path);
  if (fd === null) return null;
  try {
    const read: ByteSource['read'] = (into, at) => readSync(fd, into, 0, into.length, at);
    return use({ size: fstatSync(fd).size, read });
  } finally {
    closeSync(fd);
  }
}
