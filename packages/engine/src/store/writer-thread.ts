import { statSync } from 'node:fs';
import { parentPort, workerData } from 'node:worker_threads';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { isCorruption, isTransient } from './open/check.ts';
import { lockDatabase } from './open/lock.ts';
import { openDatabase } from './open/open.ts';
import { DatabaseRefused, DatabaseUnavailable, refusalOf } from './open/refusals.ts';
import type { Batch, FromWriter, LifeEnd, ToWriter, WriterRules } from './rows/batch.ts';
import { beginLife } from './rows/lives.ts';
import { PRUNE_ROWS, pruner } from './rows/prune.ts';
import { cancelAbandonedOrders, endAbandonedCoverage, readSeeds } from './rows/resume.ts';
import { readHealth } from './rows/source-health.ts';
import { batchWriter } from './rows/statements.ts';

/** The persistence thread: owns the one writing connection; a slow disk stalls this thread and no other. */
const rules = workerData as WriterRules;
const port = parentPort as NonNullable<typeof parentPort>;
const tell = (message: FromWriter) => port.postMessage(message);

try {
  serve();
} catch (error) {
  // Bugs are rethrown; the thread exits.
  if (!isOfDatabase(error)) throw error;
  refuse(refusalOf(rules.path, error));
}

function serve(): void {
  const lock = lockDatabase(rules.path);
  const { db, ...opened } = patiently(() => openDatabase(rules.path, rules.recover));
  const file = identityOf(rules.path);
  const write = batchWriter(db, process.pid, rules.quarantineMaxRows);
  const prune = pruner(db);
  let ticksWritten = 0;
  patiently(() => endAbandonedCoverage(db));
  patiently(() => cancelAbandonedOrders(db));
  const endLife = patiently(() => beginLife(db, { ...rules, pid: process.pid }));
  tell({ kind: 'ready', ...opened, seeds: readSeeds(db), health: readHealth(db) });
  const commit = (batch: Batch) => {
    const { ticks } = batch;
    const started = performance.now();
    retry(() => write.immediate(batch, Date.now(), ticksWritten + ticks.rows), Number.POSITIVE_INFINITY);
    ticksWritten += ticks.rows;
    const { rows, buffer } = ticks;
    port.postMessage(
      { kind: 'committed', ticks: rows, tookMs: performance.now() - started, buffer } satisfies FromWriter,
      [buffer],
    );
    if (identityOf(rules.path) !== file) throw new Error(`${rules.path} was removed or replaced while it was written`);
    if (rules.retainMs === null) return;
    // Twice what has come, so that it catches up at any rate; what fails now is tried again after the next batch.
    try {
      prune(Date.now() - rules.retainMs, Math.max(PRUNE_ROWS, 2 * rows));
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
  };
  const close = (end: LifeEnd) => {
    retry(() => endLife(end, Date.now()), Number.POSITIVE_INFINITY);
    // A failed checkpoint loses nothing: the data stays in the WAL.
    try {
      db.pragma('wal_checkpoint(TRUNCATE)');
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
    db.close();
    lock.close();
    tell({ kind: 'closed', ticksWritten });
    port.close();
  };
  port.on('message', (message: ToWriter) => {
    try {
      if (message.kind === 'close') close(message.end);
      else commit(message.batch);
    } catch (error) {
      // A restart does not repair a corrupt file; anything else ends the thread.
      if (!isCorruption(error)) throw error;
      refuse(refusalOf(rules.path, error));
      port.close();
    }
  });
}

function isOfDatabase(error: unknown): boolean {
  if (error instanceof DatabaseRefused || error instanceof DatabaseUnavailable) return true;
  return errorCode(error) !== undefined;
}

function refuse(error: Error): void {
  tell({ kind: 'refused', message: error.message, forNow: error instanceof DatabaseUnavailable });
}

/** Device and inode of the file at the path; null if there is none. */
function identityOf(path: string): string | null {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? null : `${stat.dev}:${stat.ino}`;
}

/** At startup, retries for `patienceMs`, then throws DatabaseUnavailable. */
function patiently<T>(run: () => T): T {
  try {
    return retry(run, performance.now() + rules.patienceMs);
  } catch (error) {
    throw refusalOf(rules.path, error);
  }
}

/** Retries until `deadline`, ms of the monotonic clock. While running there is none: the main thread bounds the queue and ends the process. */
function retry<T>(run: () => T, deadline: number): T {
  for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 2000)) {
    try {
      return run();
    } catch (error) {
      if (performance.now() >= deadline) throw error;
      const { message } = error as Error;
      const code = errorCode(error);
      if (error instanceof DatabaseUnavailable) tell({ kind: 'retrying', message });
      else if (isTransient(error)) tell({ kind: 'retrying', message: `${code}: ${message}` });
      else throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs);
    }
  }
}
