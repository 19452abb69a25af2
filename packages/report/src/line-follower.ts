import { closeSync, fstatSync, readSync, statSync } from 'node:fs';
import { openToRead } from './file-source.ts';

export interface FollowedLines {
  /** Whole lines, without their newline; a torn last line is not among them. */
  lines: string[];
  /** The file was replaced or rewritten since the poll before: `lines` begin at its new start. */
  restarted: boolean;
  /** More is there already: poll again at once. */
  more: boolean;
}

export interface LineFollower {
  /** Lines added since the last poll; none while the file is missing. Throws Unreadable. */
  poll(): FollowedLines;
  /** The text after the last newline, as of the last poll: a write in progress or cut off, or a line without newline. */
  torn(): string;
  close(): void;
}

const CHUNK_BYTES = 8 << 20;
const LONGEST_BYTES = 32 << 20;
const FINGERPRINT_BYTES = 64;

interface Open {
  fd: number;
  inode: number;
  /** Offset of the first line that was not yet returned. */
  at: number;
  /** The bytes before `at`: if they have changed, the file was rewritten. */
  before: Buffer;
  size: number;
}

/**
 * Reads a growing file line by line, from its start or from `from`, which must be the start of a line. It always reads on
 * from the end of the last whole line, so that a torn line which is completed, cut off or overwritten later does no harm.
 * A renamed file is read to its end before the new one is begun; a file that was cut short or rewritten in place is
 * recognised by its size and by the bytes before the last position.
 */
export function lineFollower(path: string, { from = 0, chunkBytes = CHUNK_BYTES } = {}): LineFollower {
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
        open = openFile(path, begun ? 0 : from);
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

function openFile(path: string, from: number): Open | null {
  const fd = openToRead(path);
  if (fd === null) return null;
  const { ino, size } = fstatSync(fd);
  const at = Math.min(from, size);
  const before = Buffer.alloc(Math.min(at, FINGERPRINT_BYTES));
  readSync(fd, before, 0, before.length, at - before.length);
  return { fd, inode: ino, at, before, size };
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
    if (bytes >= LONGEST_BYTES) {
      // No record: passed over, so that a file without a newline takes no more memory than this.
      open.at += text.length;
      open.before = Buffer.from(text.subarray(-FINGERPRINT_BYTES));
      return [''];
    }
  }
}

function readTorn({ fd, at, size }: Open): string {
  const bytes = Buffer.alloc(Math.min(Math.max(0, size - at), LONGEST_BYTES));
  return bytes.toString('utf8', 0, readSync(fd, bytes, 0, bytes.length, at));
}

/** Every whole line of a file, a batch at a time. */
export function* batchesOf(follower: LineFollower): Generator<FollowedLines> {
  for (let batch = follower.poll(); batch.lines.length > 0 || batch.more; batch = follower.poll()) yield batch;
}
