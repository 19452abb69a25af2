import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';

const TAIL_BYTES = 64 * 1024;

/** The last complete line of a file; null without one. */
export function lastLine(path: string): string | null {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile()) return null;
    const bytes = Buffer.alloc(Math.min(stat.size, TAIL_BYTES));
    const read = readSync(fd, bytes, 0, bytes.length, stat.size - bytes.length);
    return bytes.subarray(0, read).toString().split('\n').at(-2) ?? null;
  } finally {
    closeSync(fd);
  }
}
