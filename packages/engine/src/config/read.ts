import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';

/** A configuration is far smaller. */
const MOST_BYTES = 4 * 1024 * 1024;

/** Of a regular file: opening a FIFO would wait for its other end, and a device may have no end. */
export function bytesOf(file: string): Buffer {
  const fd = openSync(file, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(fd);
    if (!stat.isFile())
      throw Object.assign(new Error(), { code: stat.isDirectory() ? 'EISDIR' : 'not a regular file' });
    if (stat.size > MOST_BYTES) throw Object.assign(new Error(), { code: 'EFBIG' });
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}
