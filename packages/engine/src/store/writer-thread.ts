import { flushCompileCache } from 'node:module';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { beatOver } from './beat.ts';
import { collect } from './collect.ts';
import { lockDatabase } from './open/lock.ts';
import { makeFolderOf } from './open/make-folder.ts';
import { openDatabase } from './open/open.ts';
import { DatabaseRefused, DatabaseUnavailable, lasts, refusalOf } from './open/refusals.ts';
import { heartbeatAtRest } from './rest.ts';
import type { Batch, FromWriter, LifeEnd, ToWriter, WriterRules } from './rows/batch.ts';
import { beginLife } from './rows/lives.ts';
import { cancelAbandonedOrders, endAbandonedCoverage, readSeeds } from './rows/resume.ts';
import { readHealth } from './rows/source-health.ts';
import { batchWriter } from './rows/statements.ts';
import { threadClock } from './thread-clock.ts';
import { Upkeep } from './upkeep.ts';

/**
 * The persistence thread: owns the one writing connection; a slow disk stalls this thread and no other. It sleeps in one call of
 * the kernel until the main thread calls, with a message, or without one for a heartbeat: an event loop with timers costs as
 * much again as the heartbeat itself. So a main thread that is frozen has no heartbeat.
 */
const port = parentPort as NonNullable<typeof parentPort>;
const startedMs = threadClock();
const beat = beatOver(workerData as SharedArrayBuffer);
/** At rest the files are looked at with one heartbeat in this many; with every commit of rows otherwise. */
const REST_LOOKS = 5;

const tell = (message: FromWriter) => port.postMessage(message);

const rules = toOpen();
guarded(serve);
port.close();

/** The thread is started before the configuration is read. */
function toOpen(): WriterRules {
  for (;;) {
    const calls = beat.calls();
    const message = received();
    if (message?.kind === 'open') return message.rules;
    beat.sleep(calls);
  }
}

function serve(): void {
  patiently(() => makeFolderOf(rules.path));
  const lock = lockDatabase(rules.path);
  const { db, ...opened } = patiently(() => openDatabase(rules.path, rules.recover));
  patiently(() => endAbandonedCoverage(db));
  patiently(() => cancelAbandonedOrders(db));
  const endLife = patiently(() => beginLife(db, { ...rules, pid: process.pid }));
  tell({ kind: 'ready', ...opened, seeds: readSeeds(db), health: readHealth(db) });
  // What only a batch needs is prepared while the main thread connects.
  const write = batchWriter(db, process.pid, rules.quarantineMaxRows);
  const upkeep = patiently(() => new Upkeep(db, rules, (note) => tell({ kind: 'note', ...note })));
  let ticksWritten = 0;
  let rested = 0;
  const rest = heartbeatAtRest(db, beat);
  const commit = (batch: Batch, openedMs: number) => {
    const { ticks } = batch;
    retry(() => write.immediate(batch, Date.now(), ticksWritten + ticks.rows), Number.POSITIVE_INFINITY);
    beat.committed(ticks.rows);
    const tookUs = Math.round((threadClock() - openedMs) * 1000);
    rest.committed();
    upkeep.afterCommit(ticks);
    beat.setWal(upkeep.walBytes, upkeep.walBlockedS());
    ticksWritten += ticks.rows;
    const { buffer, isLent } = ticks;
    if (isLent) port.postMessage({ kind: 'committed', tookUs, buffer } satisfies FromWriter, [buffer]);
    else if (ticks.rows > 0) beat.setLatency(tookUs);
  };
  const close = (end: LifeEnd) => {
    retry(() => endLife(end, Date.now(), Math.round(threadClock() - startedMs)), Number.POSITIVE_INFINITY);
    upkeep.lookAtFiles();
    upkeep.close();
    // A failed checkpoint loses nothing: the data stays in the WAL.
    passing(() => db.pragma('wal_checkpoint(TRUNCATE)'));
    db.close();
    lock.close();
    // The process ends before the thread would do it at its own end. Of a thread that was started from compiled code it does nothing.
    if (end.exitCode === 0) flushCompileCache();
    tell({ kind: 'closed', ticksWritten });
  };
  let read = -1;
  for (;;) {
    const calls = beat.calls();
    const posted = beat.posted();
    // A heartbeat comes without a message: then the port is not asked for one.
    for (let message = posted === read ? null : received(); message !== null; message = received()) {
      if (message.kind === 'collect') tell({ kind: 'collected', heapBytes: collect() });
      else if (message.kind === 'batch') commit(message.batch, message.openedMs);
      else if (message.kind === 'close') {
        close(message.end);
        return;
      }
    }
    read = posted;
    if (rest.isDue() && passing(rest.touch) && ++rested % REST_LOOKS === 0) upkeep.lookAtFiles();
    beat.sleep(calls);
  }
}

/** The next message that waits; null if none does. */
function received(): ToWriter | null {
  const next = receiveMessageOnPort(port) as { message: ToWriter } | undefined;
  return next === undefined ? null : next.message;
}

/** False if it fails for now. */
function passing(run: () => void): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (lasts(rules.path, error) !== 'now') throw error;
    return false;
  }
}

/** Reports what is the database's doing and ends the thread. Bugs are rethrown; the thread dies of them. */
function guarded(run: () => void): void {
  try {
    run();
  } catch (error) {
    const refusal = refusalOf(rules.path, error);
    if (!(refusal instanceof DatabaseRefused || refusal instanceof DatabaseUnavailable)) throw error;
    tell({ kind: 'refused', message: refusal.message, forNow: refusal instanceof DatabaseUnavailable });
  }
}

/** At startup, retries for `patienceMs`, then throws DatabaseUnavailable. */
function patiently<T>(run: () => T): T {
  try {
    return retry(run, threadClock() + rules.patienceMs);
  } catch (error) {
    throw refusalOf(rules.path, error);
  }
}

/**
 * Retries what fails for now until `deadline`, monotonic ms. While running there is none: the main thread bounds the queue and
 * ends the process.
 */
function retry<T>(run: () => T, deadline: number): T {
  for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 2000)) {
    try {
      return run();
    } catch (error) {
      if (threadClock() >= deadline || lasts(rules.path, error) !== 'now') throw error;
      const { message } = error as Error;
      const code = errorCode(error);
      tell({ kind: 'retrying', message: code === undefined ? message : `${code}: ${message}` });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs);
    }
  }
}
