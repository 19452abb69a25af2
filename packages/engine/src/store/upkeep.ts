import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { median } from '@hybrid-soak/contract/median.ts';
import type Database from 'better-sqlite3';
import { Retention } from '../core/retention.ts';
import { FileWatch } from './file-watch.ts';
import { lasts } from './open/refusals.ts';
import type { WriterNote, WriterRules } from './rows/batch.ts';
import { columnsOf, type TickBatch } from './rows/columns.ts';
import { PRUNE_ROWS, pruner } from './rows/prune.ts';
import { threadClock } from './thread-clock.ts';
import { WalBound } from './wal-bound.ts';

/** Rows whose median stamp stands for the newest. */
const NEWEST = 101;
/** Freed pages that stay for the next rows, and pages given back to the file system per step: a few milliseconds. */
const SPARE_PAGES = 2048;
const GIVE_BACK_PAGES = 64;
const LOOK_AT_DISK_MS = 60_000;
/** If a step of retention found nothing old, the next one is this much later. */
const PRUNE_REST_MS = 10_000;
const MIB = 1_048_576;

/** What is done after each commit, in the writer thread: look at the files, prune, give pages back, bound the WAL. */
export class Upkeep {
  readonly #db: Database.Database;
  readonly #rules: WriterRules;
  readonly #note: (note: WriterNote) => void;
  readonly #files: FileWatch;
  readonly #prune: ReturnType<typeof pruner>;
  readonly #retention: Retention | null;
  readonly #pageSize: number;
  readonly #wal: WalBound;
  #pruneMs = Number.NEGATIVE_INFINITY;
  #diskMs = Number.NEGATIVE_INFINITY;
  /** The database's size after the last commit: no other connection writes. */
  #lastPages: number;
  readonly #pageCount: Database.Statement;
  readonly #freeCount: Database.Statement;
  walBytes = 0;

  constructor(db: Database.Database, rules: WriterRules, note: (note: WriterNote) => void) {
    this.#db = db;
    this.#rules = rules;
    this.#note = note;
    this.#files = new FileWatch(rules.path);
    this.#prune = pruner(db);
    this.#wal = new WalBound(db, note);
    this.#pageSize = db.pragma('page_size', { simple: true }) as number;
    this.#pageCount = db.prepare('PRAGMA page_count').pluck();
    this.#freeCount = db.prepare('PRAGMA freelist_count').pluck();
    this.#lastPages = this.#pages();
    const { retainMs, ownStamps } = rules;
    this.#retention = retainMs === null ? null : new Retention(retainMs, ownStamps, newestRows(db), now());
  }

  /** Throws DatabaseUnavailable if the files are not those that were written. What fails for now is tried after the next commit. */
  afterCommit(ticks: TickBatch): void {
    this.#lastPages = this.#pages();
    this.lookAtFiles();
    try {
      this.#retain(ticks);
      this.#giveBack();
      this.#wal.afterCommit(this.walBytes);
      this.#lookAtDisk();
    } catch (error) {
      if (lasts(this.#rules.path, error) !== 'now') throw error;
    }
  }

  lookAtFiles(): void {
    this.walBytes = this.#files.look(this.#lastPages, this.#pageSize);
  }

  /** The age of a reader that keeps the WAL beyond its bound, seconds; 0 if none does. */
  walBlockedS(): number {
    return this.#wal.blockedS();
  }

  close(): void {
    this.#files.close();
  }

  #retain(ticks: TickBatch): void {
    const retention = this.#retention;
    if (retention === null) return;
    const stamp = medianStamp(ticks);
    const at = now();
    if (stamp !== null) retention.committed(stamp, at.monoMs);
    const { beforeMs, jumpedMs } = retention.look(at);
    if (jumpedMs !== null) {
      const detail = { by_s: Math.round(jumpedMs / 1000) };
      this.#note({ level: 'warn', message: 'the clock has jumped: retention is suspended for an hour', detail });
    }
    if (beforeMs === null || at.monoMs < this.#pruneMs) return;
    // Twice what has come, so that it catches up at any rate.
    const deleted = this.#prune(beforeMs, Math.max(PRUNE_ROWS, 2 * ticks.rows), retention.aheadMs(at));
    if (deleted === 0) this.#pruneMs = at.monoMs + PRUNE_REST_MS;
  }

  #giveBack(): void {
    const free = this.#freeCount.get() as number;
    if (free <= SPARE_PAGES) return;
    this.#db.pragma(`incremental_vacuum(${Math.min(GIVE_BACK_PAGES, free - SPARE_PAGES)})`);
    this.#lastPages = this.#pages();
    this.#files.shrunkTo(this.#lastPages);
  }

  #lookAtDisk(): void {
    const nowMs = threadClock();
    if (nowMs - this.#diskMs < LOOK_AT_DISK_MS) return;
    this.#diskMs = nowMs;
    const folder = dirname(this.#rules.path);
    const { bavail, bsize } = statfsSync(folder);
    const free_mb = Math.floor((bavail * bsize) / MIB);
    const min_free_mb = this.#rules.minFreeMb;
    if (free_mb >= min_free_mb) return;
    this.#note({ level: 'warn', message: 'the disk is nearly full', detail: { free_mb, min_free_mb, folder } });
  }

  #pages(): number {
    return this.#pageCount.get() as number;
  }
}

const now = () => ({ wallMs: Date.now(), monoMs: threadClock() });

function newestRows(db: Database.Database): number | null {
  const sql = `SELECT ts FROM ticks ORDER BY id DESC LIMIT ${NEWEST}`;
  return median(db.prepare(sql).pluck().all() as number[]);
}

function medianStamp({ rows, buffer, capacity }: TickBatch): number | null {
  if (rows === 0) return null;
  return median([...columnsOf(buffer, capacity).ts.subarray(Math.max(0, rows - NEWEST), rows)]);
}
