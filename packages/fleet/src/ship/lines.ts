import { createHash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { Stop } from '../stop.ts';
import { type LineKind, subjectOf } from '../subject.ts';
import type { ShipSession } from './session.ts';

/** Bytes of the log that are read at once. */
const CHUNK_BYTES = 256 * 1024;
/** Of a message, for its first line. */
const HEAD_BYTES = 4096;
const LF = 0x0a;
/** Copies that logrotate keeps beside the log, the newest first; `ops/logrotate` has twelve. */
const KEPT = 12;

/** A file and where to go on in it. */
interface Place {
  path: string;
  offset: number;
}

/** The log and what was renamed, the newest first: as logrotate numbers it, or as a soak stamps the samples before its own. */
function filesOf(log: string, kind: LineKind): string[] {
  if (kind !== 'samples') return [log, ...Array.from({ length: KEPT }, (_, n) => `${log}.${n + 1}`)];
  const stem = `${basename(log, '.jsonl')}.2`;
  const names = namesIn(dirname(log)).filter((name) => name.startsWith(stem) && name.endsWith('.jsonl'));
  return [
    log,
    ...names
      .sort()
      .reverse()
      .map((name) => join(dirname(log), name)),
  ];
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/**
 * Ships the complete lines of a log as they stand, from where the stream ends. `log` is its path; what has been renamed is
 * finished first.
 */
export async function lineShipper(session: ShipSession, log: string, kind: LineKind) {
  const subject = subjectOf(session.host, kind);
  const { head } = await session.position(subject);
  if (head !== null && head.origin !== session.origin)
    throw new Stop(
      SOAK_EXIT.CONFIG,
      `fleet.host ${session.host}: another machine or database ships under this name; valid: a host of its own`,
    );
  const files = () => filesOf(log, kind);
  let hash = head?.columns[1];
  let place = resume(files(), head?.last ?? 0, hash);
  let inode = inodeOf(place.path);
  const wanted = (line: string): boolean => kind !== 'summaries' || line.includes('"action":"SUMMARY"');
  return {
    async step(): Promise<boolean> {
      if (!isThere(place, inode, hash)) {
        place = moved(files(), place, inode, hash);
        inode = inodeOf(place.path);
      }
      const most = session.maxBytes - HEAD_BYTES;
      const usual = Math.min(session.pace.of(CHUNK_BYTES), most);
      const [block, readMs] = [readBlock(place, usual, most), performance.now()];
      if (block === null || block.length === 0) {
        // A renamed log is at its end: the next newer file follows.
        const all = files();
        const at = all.indexOf(place.path);
        if (at > 0) place = { path: all[at - 1] as string, offset: 0 };
        inode = inodeOf(place.path);
        return at > 0;
      }
      const end = block.lastIndexOf(LF) + 1;
      const lines = block.subarray(0, end).toString().split('\n').slice(0, -1).filter(wanted);
      const next = { path: place.path, offset: place.offset + end };
      hash = hashBefore(next);
      if (lines.length > 0) {
        // The hash names the bytes before the place, so that it is found again in a renamed file.
        const columns = ['line', hash];
        const { host, origin } = session;
        const own = { v: 1, kind, host, origin, generation: 1, market: null, columns } as const;
        await session.publish(subject, { ...own, columns, last: next.offset, done: next.offset }, lines);
      }
      if (end > usual / 2) session.pace.answered(performance.now() - readMs);
      place = next;
      return true;
    },
  };
}

/** The file in which that many bytes end as those that were shipped; the oldest from its beginning if none does. */
function resume(files: string[], offset: number, hash: string | undefined): Place {
  for (const path of hash === undefined ? [] : files)
    if (sizeOf(path) >= offset && hashBefore({ path, offset }) === hash) return { path, offset };
  const oldest = hash === undefined ? files.findLast((path) => sizeOf(path) > 0) : files[0];
  return { path: oldest ?? (files[0] as string), offset: 0 };
}

/** Whether the bytes before the place are those that were shipped: a log is renamed, or cut off and written again. */
const isThere = (place: Place, inode: number, hash: string | undefined): boolean =>
  inodeOf(place.path) === inode && (place.offset === 0 || hashBefore(place) === hash);

/** Where that file is now, also if nothing of it was shipped; without it, where the bytes before the place are. */
function moved(files: string[], place: Place, inode: number, hash: string | undefined): Place {
  const path = inode === -1 ? undefined : files.find((file) => inodeOf(file) === inode);
  const same = path === undefined ? undefined : { path, offset: place.offset };
  if (same !== undefined && isThere(same, inode, hash)) return same;
  return place.offset === 0 ? { path: files[0] as string, offset: 0 } : resume(files, place.offset, hash);
}

/** Of the last bytes before a place: a record has a run, a number and a time of its own. */
function hashBefore({ path, offset }: Place): string {
  const length = Math.min(offset, 4096);
  const bytes = read(path, offset - length, length) ?? Buffer.alloc(0);
  return createHash('sha256').update(bytes).digest('hex').slice(0, 32);
}

/**
 * Whole lines from a place on, about `usual` bytes and never more than `most`; none if no line is complete, null if there is no such file.
 * Throws Stop for a line that no message can hold.
 */
function readBlock({ path, offset }: Place, usual: number, most: number): Buffer | null {
  for (let length = usual; ; length = Math.min(length * 2, most)) {
    const block = read(path, offset, length);
    if (block === null) return null;
    const end = block.lastIndexOf(LF) + 1;
    if (end > 0) return block.subarray(0, end);
    if (block.length < length) return block.subarray(0, 0);
    if (length >= most)
      throw new Stop(
        SOAK_EXIT.CONFIG,
        `${path}: a line of more than ${most} bytes at ${offset}; valid: max_payload of the server above it`,
      );
  }
}

const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

function read(path: string, offset: number, length: number): Buffer | null {
  return withFile(path, (fd) => {
    const into = Buffer.alloc(length);
    return into.subarray(0, readSync(fd, into, 0, length, offset));
  });
}

const inodeOf = (path: string): number => withFile(path, (fd) => fstatSync(fd).ino) ?? -1;

const sizeOf = (path: string): number => withFile(path, (fd) => fstatSync(fd).size) ?? -1;

function withFile<T>(path: string, use: (fd: number) => T): T | null {
  try {
    const fd = openSync(path, FLAGS);
    try {
      return fstatSync(fd).isFile() ? use(fd) : null;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    throw error;
  }
}
