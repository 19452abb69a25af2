import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';

export interface Batch {
  /** Whole lines, without their newline; a torn last line is not among them. */
  lines: string[];
  /** The file was replaced or rewritten since the poll before: `lines` begin at its new start. */
  restarted: boolean;
  /** More is there already: poll again at once. */
  more: boolean;
}

/** The file is there, but cannot be read; the message says why and what would be right. */
export class Unreadable extends Error {
  override name = 'Unreadable';
}

export interface LineFollower {
  /** What has been added since the last poll; nothing while the file is missing. Throws Unreadable. */
  poll(): Batch;
  /** What stands after the last newline, as of the last poll: a write under way or cut off, or a line that never had one. */
  torn(): string;
  close(): void;
}

const CHUNK_BYTES = 8 << 20;
const FINGERPRINT_BYTES = 64;

interface Open {
  fd: number;
  inode: number;
  /** Where the first line that is not yet handed out begins. */
  at: number;
  /** The bytes before `at`: where they have changed, this is another text. */
  before: Buffer;
  size: number;
}

/**
 * Reads a growing file line by line, from its start. It always reads on from the end of the last whole line, so that a
 * torn line which is completed, cut off or overwritten later does no harm. A renamed file is read to its end before the
 * new one is begun; a file cut short or rewritten in place is known by its size and by the bytes before the last position.
 */
export function lineFollower(path: string, chunkBytes = CHUNK_BYTES): LineFollower {
  let open: Open | null = null;
  let begun = false;
  const close = () => {
    if (open !== null) closeSync(open.fd);
    open = null;
  };
  return {
    poll() {
      let restarted = false;
      if (open === null) {
        open = openFile(path);
        if (open === null) return { lines: [], restarted, more: false };
        restarted = begun;
        begun = true;
      } else if (rewritten(open)) {
        Object.assign(open, { at: 0, before: Buffer.alloc(0) });
        restarted = true;
      }
      const lines = readLines(open, chunkBytes);
      if (lines.length > 0) return { lines, restarted, more: true };
      const now = statSync(path, { throwIfNoEntry: false });
      if (now?.ino === open.inode) return { lines, restarted, more: false };
      close();
      return { lines, restarted, more: now !== undefined };
    },
    torn: () => (open === null ? '' : readTorn(open)),
    close,
  };
}

function openFile(path: string): Open | null {
  const fd = openToRead(path);
  return fd === null ? null : { fd, inode: fstatSync(fd).ino, at: 0, before: Buffer.alloc(0), size: 0 };
}

/** A descriptor of the file; null where there is none. Throws Unreadable. */
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

function rewritten(open: Open): boolean {
  if (fstatSync(open.fd).size < open.at) return true;
  const now = Buffer.alloc(open.before.length);
  readSync(open.fd, now, 0, now.length, open.at - now.length);
  return !now.equals(open.before);
}

/** Whole lines from `at` on, about a chunk of them; a line longer than a chunk makes the chunk grow. */
function readLines(open: Open, chunkBytes: number): string[] {
  open.size = fstatSync(open.fd).size;
  for (let bytes = chunkBytes; ; bytes *= 2) {
    const left = open.size - open.at;
    if (left <= 0) return [];
    const chunk = Buffer.allocUnsafe(Math.min(bytes, left));
    const text = chunk.subarray(0, readSync(open.fd, chunk, 0, chunk.length, open.at));
    const end = text.lastIndexOf(0x0a);
    if (end >= 0) {
      open.at += end + 1;
      open.before = Buffer.from(text.subarray(Math.max(0, end + 1 - FINGERPRINT_BYTES), end + 1));
      return text.toString('utf8', 0, end).split('\n');
    }
    if (bytes >= left) return [];
  }
}

function readTorn({ fd, at, size }: Open): string {
  const bytes = Buffer.alloc(Math.max(0, size - at));
  return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, at));
}

/** Every whole line of a file, a batch at a time. */
export function* batchesOf(follower: LineFollower): Generator<Batch> {
  for (let batch = follower.poll(); batch.lines.length > 0 || batch.more; batch = follower.poll()) yield batch;
}
