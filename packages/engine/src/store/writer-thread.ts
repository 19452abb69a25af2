import { parentPort, workerData } from 'node:worker_threads';
import type { FromWriter, ToWriter, WriterRules } from './batch.ts';
import { isTransient } from './check.ts';
import { openDatabase } from './open.ts';
import { PRUNE_ROWS, pruner } from './prune.ts';
import { DatabaseUnavailable } from './refusals.ts';
import { cancelAbandonedOrders, endAbandonedCoverage, readSeeds } from './resume.ts';
import { batchWriter } from './statements.ts';

/** The persistence thread: owns the one writing connection; a slow disk stalls this thread and no other. */
const rules = workerData as WriterRules;
const port = parentPort as NonNullable<typeof parentPort>;
const tell = (message: FromWriter) => port.postMessage(message);

try {
  serve();
} catch (error) {
  tell({ kind: 'refused', message: (error as Error).message, forNow: error instanceof DatabaseUnavailable });
}

function serve(): void {
  const { db, ...opened } = openDatabase(rules.path, rules.recover);
  const write = batchWriter(db, process.pid, rules.quarantineMaxRows);
  const prune = pruner(db);
  let ticksWritten = 0;
  endAbandonedCoverage(db);
  cancelAbandonedOrders(db);
  tell({ kind: 'ready', ...opened, seeds: readSeeds(db) });
  port.on('message', (message: ToWriter) => {
    if (message.kind === 'close') {
      db.pragma('wal_checkpoint(TRUNCATE)');
      db.close();
      tell({ kind: 'closed', ticksWritten });
      port.close();
      return;
    }
    const started = performance.now();
    const { batch } = message;
    retry(() => write.immediate(batch, Date.now(), ticksWritten + batch.ticks.rows));
    ticksWritten += batch.ticks.rows;
    const { rows, buffer } = batch.ticks;
    port.postMessage(
      { kind: 'committed', ticks: rows, tookMs: performance.now() - started, buffer } satisfies FromWriter,
      [buffer],
    );
    if (rules.retainMs === null) return;
    // Twice what has come, so that it catches up at any rate; what fails now is tried again after the next batch.
    try {
      prune(Date.now() - rules.retainMs, Math.max(PRUNE_ROWS, 2 * rows));
    } catch (error) {
      if (!isTransient(error)) throw error;
    }
  });
}

/** Until it succeeds: the main thread bounds what waits behind it, and ends the process past its deadline. */
function retry(write: () => void): void {
  for (let waitMs = 50; ; waitMs = Math.min(waitMs * 2, 2000)) {
    try {
      write();
      return;
    } catch (error) {
      if (!isTransient(error)) throw error;
      const { code, message } = error as { code: string; message: string };
      tell({ kind: 'retrying', message: `${code}: ${message}` });
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, waitMs);
    }
  }
}
