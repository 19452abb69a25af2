import type Database from 'better-sqlite3';
import type { WriterNote } from './rows/batch.ts';
import { threadClock } from './thread-clock.ts';

const MIB = 1_048_576;
/** A WAL of this size could not begin again: some reader needs what is in it (https://www.sqlite.org/wal.html#ckpt). */
const BOUND_BYTES = 64 * MIB;
/** Below this nothing is looked at: the checkpoint of 32 MB has not been due. */
const LOOK_BYTES = 16 * MIB;
/** A page and its header. */
const FRAME_BYTES = 4096 + 24;
const TRY_MS = 10_000;
const SAMPLES = 1000;

/**
 * A reader with an open transaction keeps a checkpoint from passing its snapshot, so that the WAL grows for as long as it reads.
 * Nothing that is safe ends that; it is reported, with the reader's age: how long ago the WAL was as long as its snapshot.
 */
export class WalBound {
  readonly #note: (note: WriterNote) => void;
  readonly #look: Database.Statement;
  readonly #checkpoint: Database.Statement;
  /** Frames in the WAL at a time, since it began last. */
  #samples: { frames: number; atMs: number }[] = [];
  #triedMs = Number.NEGATIVE_INFINITY;
  #blockedSince: number | null = null;

  constructor(db: Database.Database, note: (note: WriterNote) => void) {
    this.#note = note;
    this.#look = db.prepare('PRAGMA wal_checkpoint(NOOP)');
    this.#checkpoint = db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
  }

  /** The age of the reader that keeps the WAL beyond its bound, seconds; 0 if none does. */
  blockedS(): number {
    return this.#blockedSince === null ? 0 : (threadClock() - this.#blockedSince) / 1000;
  }

  /** After a commit that left the WAL file with this size. */
  afterCommit(walBytes: number): void {
    if (walBytes < LOOK_BYTES) return;
    const nowMs = threadClock();
    const { log: frames } = this.#look.get() as { log: number };
    if (frames < (this.#samples.at(-1)?.frames ?? 0)) this.#samples = [];
    this.#samples.push({ frames, atMs: nowMs });
    if (this.#samples.length > SAMPLES) this.#samples.shift();
    const isLong = frames * FRAME_BYTES >= BOUND_BYTES;
    if (isLong && nowMs - this.#triedMs >= TRY_MS) this.#try(walBytes, nowMs);
    else if (!isLong && this.#blockedSince !== null) this.#passed();
  }

  #try(walBytes: number, nowMs: number): void {
    this.#triedMs = nowMs;
    const { log, checkpointed } = this.#checkpoint.get() as { log: number; checkpointed: number };
    if (checkpointed >= log) {
      if (this.#blockedSince !== null) this.#passed();
      return;
    }
    const wasBlocked = this.#blockedSince !== null;
    this.#blockedSince = this.#samples.find(({ frames }) => frames > checkpointed)?.atMs ?? nowMs;
    if (wasBlocked) return;
    const detail = { wal_mb: Math.round(walBytes / MIB), reader_age_s: Math.round(this.blockedS()) };
    this.#note({ level: 'warn', message: 'the WAL grows: some reader has had a transaction open for long', detail });
  }

  #passed(): void {
    this.#blockedSince = null;
    this.#note({ level: 'info', message: 'the WAL begins again: no reader is in its way', detail: {} });
  }
}
