import { Worker } from 'node:worker_threads';
import type { SourceHealth } from '../core/connection/health.ts';
import type { Seeds } from '../core/dedupe/gaps.ts';
import { beatOver } from './beat.ts';
import { DatabaseRefused, DatabaseUnavailable } from './open/refusals.ts';
import type { Batch, FromWriter, LifeEnd, Note, ToWriter, WriterRules } from './rows/batch.ts';

export interface WriterEvents {
  retrying(message: string): void;
  note(note: Note): void;
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
  /** The thread has ended by itself. */
  hasFailed(): boolean;
  /** Ticks handed over and not yet committed. */
  pendingTicks(): number;
  committedTicks(): number;
  /** Commits, heartbeats included. */
  commits(): number;
  /** The main thread is alive: to be called each second, else there is no heartbeat while nothing is written. */
  beat(): void;
  /** The WAL's size after the last commit, and the age of a reader that keeps it beyond its bound, seconds. */
  wal(): { bytes: number; blockedS: number };
  write(batch: Batch): void;
  /** Commits what was handed over, ends the life's row, checkpoints, closes; the count of ticks that this process committed. */
  close(end: LifeEnd): Promise<number>;
}

/** Starts the thread and opens the database. Rejects with DatabaseRefused or DatabaseUnavailable if it cannot be used. */
export function startWriter(given: Omit<WriterRules, 'beat'>, events: WriterEvents): Promise<Writer> {
  const beat = beatOver();
  const rules: WriterRules = { ...given, beat: beat.memory };
  const worker = new Worker(new URL('./writer-thread.ts', import.meta.url), {
    workerData: rules,
    // It makes little garbage: a large young generation would only be memory.
    resourceLimits: { maxYoungGenerationSizeMb: 2 },
  });
  const post = (message: ToWriter) => worker.postMessage(message);
  let pending = 0;
  let committed = 0;
  let wal = { bytes: 0, blockedS: 0 };
  let closed: ((ticks: number) => void) | undefined;
  let failed = false;
  const writerOf = (message: FromWriter & { kind: 'ready' }): Writer => ({
    onReturned() {},
    hasFailed: () => failed,
    pragmas: message.pragmas,
    migrated: message.migrated,
    movedAside: message.movedAside,
    compacted: message.compacted,
    wal: () => wal,
    seeds: message.seeds,
    health: message.health,
    pendingTicks: () => pending,
    committedTicks: () => committed,
    commits: beat.commits,
    beat: beat.beat,
    write(batch) {
      pending += batch.ticks.rows;
      worker.postMessage({ kind: 'batch', batch } satisfies ToWriter, [batch.ticks.buffer]);
    },
    close(end) {
      post({ kind: 'close', end });
      return new Promise((done) => {
        closed = done;
      });
    },
  });
  return new Promise((resolve, reject) => {
    let opened: Writer | undefined;
    const fail = (error: Error) => {
      failed = true;
      if (opened === undefined) reject(error);
      else events.failed(error);
    };
    worker.on('error', (error) => fail(error as Error));
    worker.on('message', (message: FromWriter) => {
      switch (message.kind) {
        case 'ready':
          opened = writerOf(message);
          resolve(opened);
          break;
        case 'refused': {
          const refusal = new (message.forNow ? DatabaseUnavailable : DatabaseRefused)(message.message);
          fail(refusal);
          break;
        }
        case 'committed':
          pending -= message.ticks;
          committed += message.ticks;
          wal = { bytes: message.walBytes, blockedS: message.walBlockedS };
          opened?.onReturned(message.buffer);
          break;
        case 'note':
          events.note(message);
          break;
        case 'retrying':
          events.retrying(message.message);
          break;
        case 'closed':
          closed?.(message.ticksWritten);
          break;
        default:
          message satisfies never;
      }
    });
  });
}
