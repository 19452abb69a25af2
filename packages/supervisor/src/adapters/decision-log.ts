import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, lstatSync, mkdirSync, readSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Decision } from '@hybrid-soak/contract/decision.ts';
import { writeWhole } from './replace-file.ts';
import { openRegular } from './safe-open.ts';

export interface DecisionLog {
  /** The file that holds a torn last line that was cut off at opening; null if there was none. */
  tornLine: string | null;
  /** Throws as the file system does; a line that was written in part is cut off at the next opening. */
  append(record: Decision): void;
  close(): void;
}

/**
 * Opens the append-only log; one write and one fdatasync a record. A torn last line is cut off and kept aside. Renamed or
 * removed meanwhile, as logrotate(8) does, the log goes on under its own name.
 */
export function openDecisionLog(path: string): DecisionLog {
  mkdirSync(dirname(path), { recursive: true });
  const tornLine = cutTornLine(path);
  let fd = openRegular(path, 'append');
  return {
    tornLine,
    append(record) {
      if (!isNow(path, fd)) {
        closeSync(fd);
        mkdirSync(dirname(path), { recursive: true });
        fd = openRegular(path, 'append');
      }
      writeWhole(fd, `${JSON.stringify(record)}\n`);
      fdatasyncSync(fd);
    },
    close: () => closeSync(fd),
  };
}

/** Whether the path still leads to the file that is open. */
function isNow(path: string, fd: number): boolean {
  const now = lstatSync(path, { throwIfNoEntry: false });
  const open = fstatSync(fd);
  return now?.ino === open.ino && now.dev === open.dev;
}

const TAIL_BYTES = 1 << 20;

/** The last whole record of the log, of any run; null if there is none. Its cost does not follow the log's length. */
export function lastDecision(path: string): Decision | null {
  let fd: number;
  try {
    fd = openRegular(path, 'read');
  } catch {
    return null;
  }
  try {
    const { size } = fstatSync(fd);
    const tail = Buffer.alloc(Math.min(size, TAIL_BYTES));
    readSync(fd, tail, 0, tail.length, size - tail.length);
    const lines = tail.toString('utf8').split('\n').slice(0, -1);
    return lines.length === 0 ? null : (JSON.parse(lines.at(-1) as string) as Decision);
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

function cutTornLine(path: string): string | null {
  const fd = openRegular(path, 'append');
  try {
    const { size } = fstatSync(fd);
    const from = Math.max(0, size - TAIL_BYTES);
    const tail = Buffer.alloc(size - from);
    readSync(fd, tail, 0, tail.length, from);
    if (tail.length === 0 || tail.at(-1) === 0x0a) return null;
    const keep = tail.lastIndexOf(0x0a) + 1;
    const aside = path.replace(/(\.jsonl)?$/, `.torn-${Date.now()}.jsonl`);
    const kept = openRegular(aside, 'create');
    writeSync(kept, tail.subarray(keep));
    fdatasyncSync(kept);
    closeSync(kept);
    ftruncateSync(fd, from + keep);
    fdatasyncSync(fd);
    return aside;
  } finally {
    closeSync(fd);
  }
}
