import { closeSync, openSync, readSync, realpathSync, type Stats, statSync } from 'node:fs';
import { DatabaseUnavailable } from './open/refusals.ts';

/** First bytes of a WAL, the last bit being its byte order: https://www.sqlite.org/fileformat2.html#walformat */
const WAL_MAGIC = 0x377f0682;

/**
 * Looks whether the files that SQLite writes are still those at the path. SQLite does not: it goes on writing into files that
 * were deleted, replaced or cut off, and every commit succeeds. Never opens the database itself: closing it would release the
 * locks that SQLite has on it.
 */
export class FileWatch {
  readonly #path: string;
  readonly #file: Stats;
  readonly #head = Buffer.alloc(4);
  #wal: { fd: number; file: Stats } | null = null;
  #leastPages = Number.POSITIVE_INFINITY;
  #size = 0;

  constructor(path: string) {
    this.#path = realpathSync(path);
    this.#file = statSync(this.#path);
  }

  /** The database's size in pages after a transaction that may have made it smaller. */
  shrunkTo(pages: number): void {
    this.#leastPages = Math.min(this.#leastPages, pages);
  }

  /** After a commit; `pages`: the database's size then. The WAL's size in bytes. Throws DatabaseUnavailable. */
  look(pages: number, pageSize: number): number {
    this.shrunkTo(pages);
    const stat = statSync(this.#path, { throwIfNoEntry: false });
    if (stat === undefined || !isSame(stat, this.#file)) throw this.#gone('', 'removed or replaced');
    // A checkpoint cuts the file to the size that the database has then, never below.
    if (stat.size < this.#size && stat.size < this.#leastPages * pageSize)
      throw this.#gone('', `cut off from ${this.#size} to ${stat.size} bytes`);
    this.#size = stat.size;
    this.#leastPages = pages;
    return this.#lookAtWal();
  }

  close(): void {
    if (this.#wal !== null) closeSync(this.#wal.fd);
    this.#wal = null;
  }

  #lookAtWal(): number {
    const path = `${this.#path}-wal`;
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat === undefined) throw this.#gone('-wal', 'removed');
    this.#wal ??= { fd: openSync(path, 'r'), file: stat };
    if (!isSame(stat, this.#wal.file)) throw this.#gone('-wal', 'replaced');
    const head = this.#head;
    readSync(this.#wal.fd, head, 0, 4, 0);
    // Empty after a checkpoint that another connection asked for.
    if (stat.size > 0 && (head.readUInt32BE(0) & ~1) >>> 0 !== WAL_MAGIC) throw this.#gone('-wal', 'cut off');
    return stat.size;
  }

  #gone(end: string, what: string): DatabaseUnavailable {
    return new DatabaseUnavailable(`${this.#path}${end} was ${what} while it was written: the last commits are lost`);
  }
}

const isSame = (one: Stats, other: Stats): boolean => one.ino === other.ino && one.dev === other.dev;
