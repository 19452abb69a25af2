import type { Worker } from 'node:worker_threads';
import type { SourceHealth } from '../core/connection/health.ts';
import type { Seeds } from '../core/dedupe/gaps.ts';
import type { Beat } from './beat.ts';
import { DatabaseRefused, DatabaseUnavailable } from './open/refusals.ts';
import type { Batch, FromWriter, LifeEnd, ToWriter, WriterNote, WriterRules } from './rows/batch.ts';
import { takeThread } from './thread.ts';
import { threadClock } from './thread-clock.ts';

export interface WriterEvents {
  retrying(message: string): void;
  note(note: WriterNote): void;
  /** The thread has ended: DatabaseUnavailable if a restart may help, DatabaseRefused if not, else a bug. */
  failed(error: Error): void;
}

/** The main thread's end of the persistence thread. It never waits: what is not yet committed is counted here. */
export interface Writer {
  readonly pragmas: Record<string, unknown>;
  readonly migrated: string | null;
  readonly movedAside: string | null;
  readonly compacted: string;
  /** What earlier runs wrote last. */
  readonly seeds: Seeds;
  /** What they learnt of the sources. */
  readonly health: SourceHealth[];
  /** Called with the buffer of each committed batch, to be reused. */
  onReturned: (buffer: ArrayBuffer) => void;
  /** Called when a large batch is committed: how long it took from its first frame, microseconds. */
  onCommitted: (tookUs: number) => void;
  onCollected: (heapBytes: number) => void;
  /** The thread has ended by itself. */
  hasFailed(): boolean;
  /** The longest time that a small batch took since the last call, microseconds; 0 if there was none. */
  takeLatency(): number;
  /** Ticks handed over and not yet committed. */
  pendingTicks(): number;
  committedTicks(): number;
  /** Commits, heartbeats included. */
  commits(): number;
  /** To be called each second, after what is written then: makes the heartbeat while nothing is written. `nowMs`: monotonic. */
  beat(nowMs: number): void;
  /** The WAL's size after the last commit, and the age of a reader that keeps it beyond its bound, seconds. */
  wal(): { bytes: number; blockedS: number };
  /** `openedMs`: when its first frame came. */
  write(batch: Batch, openedMs: number): void;
  /** Collects the garbage of the thread's heap; `onCollected` gets what is in use after it, bytes. */
  collect(): void;
  /** Commits what was handed over, ends the life's row, checkpoints, closes; the count of ticks that this process committed. */
  close(end: LifeEnd): Promise<number>;
}

/** The main thread beats once a second. */
const LEAST_REST_MS = 1000;
/** Beats come a little early or late. */
const SLACK_MS = 500;

/** Opens the database in the writer's thread. Rejects with DatabaseRefused or DatabaseUnavailable if it cannot be used. */
export function startWriter(
  { flushIntervalMs, ...rules }: WriterRules & { flushIntervalMs: number },
  events: WriterEvents,
): Promise<Writer> {
  const restMs = Math.max(LEAST_REST_MS, flushIntervalMs) - SLACK_MS;
  const { worker, beat } = takeThread();
  worker.postMessage({ kind: 'open', rules } satisfies ToWriter);
  beat.call();
  return new Promise((resolve, reject) => {
    let opened: Opened | undefined;
    const fail = (error: Error) => {
      if (opened === undefined) reject(error);
      else opened.fail(error);
    };
    worker.on('error', (error) => fail(error as Error));
    worker.on('message', (message: FromWriter) => {
      if (message.kind === 'ready') {
        opened = new Opened(worker, beat, restMs, message, events);
        resolve(opened);
      } else if (message.kind === 'refused') {
        fail(new (message.forNow ? DatabaseUnavailable : DatabaseRefused)(message.message));
      } else if (message.kind === 'retrying') events.retrying(message.message);
      else if (message.kind === 'note') events.note(message);
      else opened?.on(message);
    });
  });
}

/** The thread once its database is open. */
class Opened implements Writer {
  readonly pragmas: Writer['pragmas'];
  readonly migrated: string | null;
  readonly movedAside: string | null;
  readonly compacted: string;
  readonly seeds: Seeds;
  readonly health: SourceHealth[];
  onReturned: (buffer: ArrayBuffer) => void = () => {};
  onCommitted: (tookUs: number) => void = () => {};
  onCollected: (heapBytes: number) => void = () => {};
  readonly #worker: Worker;
  readonly #beat: Beat;
  /** After this long without a call another one is due for the heartbeat. */
  readonly #restMs: number;
  readonly #events: WriterEvents;
  #handedOver = 0;
  #calledMs = Number.NEGATIVE_INFINITY;
  #failed = false;
  #closed: (ticks: number) => void = () => {};

  constructor(worker: Worker, beat: Beat, restMs: number, ready: FromWriter & { kind: 'ready' }, events: WriterEvents) {
    this.pragmas = ready.pragmas;
    this.migrated = ready.migrated;
    this.movedAside = ready.movedAside;
    this.compacted = ready.compacted;
    this.seeds = ready.seeds;
    this.health = ready.health;
    this.#worker = worker;
    this.#beat = beat;
    this.#restMs = restMs;
    this.#events = events;
  }

  hasFailed = (): boolean => this.#failed;
  takeLatency = (): number => this.#beat.takeLatency();
  pendingTicks = (): number => this.#handedOver - this.#beat.ticks();
  committedTicks = (): number => this.#beat.ticks();
  commits = (): number => this.#beat.commits();
  beat = (nowMs: number): void => {
    if (nowMs - this.#calledMs < this.#restMs) return;
    this.#calledMs = nowMs;
    this.#beat.ask();
  };
  wal = (): { bytes: number; blockedS: number } => this.#beat.wal();

  collect(): void {
    this.#send({ kind: 'collect' });
  }

  write(batch: Batch, openedMs: number): void {
    this.#handedOver += batch.ticks.rows;
    const opened = threadClock() - (performance.now() - openedMs);
    this.#send({ kind: 'batch', batch, openedMs: opened }, [batch.ticks.buffer]);
  }

  close(end: LifeEnd): Promise<number> {
    this.#send({ kind: 'close', end });
    return new Promise((done) => {
      this.#closed = done;
    });
  }

  #send(message: ToWriter, given: ArrayBuffer[] = []): void {
    this.#calledMs = performance.now();
    this.#worker.postMessage(message, given);
    this.#beat.call();
  }

  fail(error: Error): void {
    this.#failed = true;
    this.#events.failed(error);
  }

  on(message: FromWriter & { kind: 'committed' | 'closed' | 'collected' }): void {
    if (message.kind === 'collected') {
      this.onCollected(message.heapBytes);
      return;
    }
    if (message.kind === 'closed') {
      this.#closed(message.ticksWritten);
      return;
    }
    this.onCommitted(message.tookUs);
    this.onReturned(message.buffer);
  }
}
