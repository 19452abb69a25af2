import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { Stop } from '../stop.ts';

/** Largest file that is read as a whole: a configuration, a run state, an abort reason. */
const WHOLE_BYTES = 4 * 1024 * 1024;

/** The path holds something other than a regular file, or too much of it. Unhandled, it ends the command with 12. */
export class UnsafeFile extends Stop {
  override name = 'UnsafeFile';
  /** As errno has it; ENXIO for a FIFO, a socket or a device. */
  readonly code: 'ELOOP' | 'EISDIR' | 'ENXIO' | 'EFBIG';

  constructor(path: string, code: UnsafeFile['code'], problem: string, valid = 'a regular file') {
    super(SOAK_EXIT.CONFIG, `${path}: ${problem}; valid: ${valid}`);
    this.code = code;
  }
}

/** `append` also reads. `write` keeps the old content until the caller truncates it. `create` fails if the path exists. */
export type Use = 'read' | 'append' | 'write' | 'create';

const FLAGS: Record<Use, number> = {
  read: constants.O_RDONLY,
  append: constants.O_RDWR | constants.O_APPEND | constants.O_CREAT,
  write: constants.O_WRONLY | constants.O_CREAT,
  create: constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL,
};

export interface OpenOptions {
  /** Permissions of a file that is made, before the umask. */
  mode?: number;
  /** Follow a symbolic link at the last component: for files that a person names, in that person's own folders. */
  follow?: boolean;
}

/**
 * Opens a regular file and nothing else: a symbolic link is refused, and a FIFO, a device or a socket is refused without
 * waiting for its other end. Throws UnsafeFile for these; other errors (ENOENT, EACCES) are the file system's own.
 */
export function openRegular(path: string, use: Use, { mode = 0o640, follow = false }: OpenOptions = {}): number {
  const guard = constants.O_NONBLOCK | constants.O_NOCTTY | (follow ? 0 : constants.O_NOFOLLOW);
  let fd: number;
  try {
    fd = openSync(path, FLAGS[use] | guard, mode);
  } catch (error) {
    throw refusal(path, errorCode(error)) ?? error;
  }
  const stat = fstatSync(fd);
  if (stat.isFile()) return fd;
  closeSync(fd);
  throw refusal(path, stat.isDirectory() ? 'EISDIR' : 'ENXIO');
}

/** open(2): ELOOP for O_NOFOLLOW at a link; ENXIO for a FIFO that nobody reads, or a socket; EISDIR for a folder. */
function refusal(path: string, code: string | undefined): UnsafeFile | null {
  if (code === 'ELOOP') return new UnsafeFile(path, code, 'is a symbolic link');
  if (code === 'EISDIR') return new UnsafeFile(path, code, 'is a folder');
  return code === 'ENXIO' ? new UnsafeFile(path, code, 'is a FIFO, a socket or a device') : null;
}

/** A small regular file's bytes. Throws UnsafeFile if it is not regular or holds more than `maxBytes`. */
export function readRegular(path: string, options: OpenOptions & { maxBytes?: number } = {}): Buffer {
  const { maxBytes = WHOLE_BYTES } = options;
  const fd = openRegular(path, 'read', options);
  try {
    const chunks: Buffer[] = [];
    let length = 0;
    for (;;) {
      // One byte more than fstat says: the file may be growing.
      const chunk = Buffer.alloc(Math.max(1, Math.min(fstatSync(fd).size, maxBytes) - length + 1));
      const got = readSync(fd, chunk, 0, chunk.length, null);
      if (got === 0) return Buffer.concat(chunks);
      length += got;
      if (length > maxBytes)
        throw new UnsafeFile(path, 'EFBIG', `holds more than ${maxBytes} bytes`, 'a file as soak wrote it');
      chunks.push(chunk.subarray(0, got));
    }
  } finally {
    closeSync(fd);
  }
}
