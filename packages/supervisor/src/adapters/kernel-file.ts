import { closeSync, openSync, readSync } from 'node:fs';

let buffer = Buffer.allocUnsafeSlow(16 * 1024);

/**
 * The text (latin1) of a file of /proc or /sys, whose size is not known before it is read. Throws as the file system does.
 * `readFileSync` takes 64 KiB of memory beside the heap for each such file: at 25 files a second, collecting that was half
 * of the supervisor's CPU time.
 */
export function readKernelFile(path: string): string {
  const fd = openSync(path, 'r');
  try {
    for (let length = 0; ; ) {
      const got = readSync(fd, buffer, length, buffer.length - length, null);
      if (got === 0) return buffer.toString('latin1', 0, length);
      length += got;
      if (length === buffer.length) buffer = Buffer.concat([buffer, buffer]);
    }
  } finally {
    closeSync(fd);
  }
}
