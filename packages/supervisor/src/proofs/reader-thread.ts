// One reader at full speed, in a thread of its own, until it gets a stop message: counts and the newest trade, over and over.

import { parentPort, workerData } from 'node:worker_threads';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import Database from 'better-sqlite3';

export interface ReaderReport {
  reads: number;
  busy: number;
  /** Reads that found the WAL's index half written, and were done again (SQLITE_READONLY_RECOVERY). */
  retried: number;
  /** Reads whose COUNT(*) or MAX(ts) was less than the one before. */
  backwards: number;
  /** Latency of each read, microseconds. */
  p50_us: number;
  p99_us: number;
  max_us: number;
}

const { path, stop } = workerData as { path: string; stop: Int32Array };
const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 0 });
let read: Database.Statement | undefined;
const took: number[] = [];
let [busy, retried, backwards, n, ts] = [0, 0, 0, 0, 0];
while (Atomics.load(stop, 0) === 0) {
  const started = performance.now();
  try {
    // Preparing reads the schema, so that it may find the database busy too.
    read ??= db.prepare('SELECT COUNT(*) AS n, MAX(ts) AS ts FROM ticks');
    const row = read.get() as { n: number; ts: number };
    if (row.n < n || row.ts < ts) backwards++;
    ({ n, ts } = row);
  } catch (error) {
    const code = String(errorCode(error));
    // An account that may not write the index cannot tell one that is being written from one that was left so by a crash.
    if (code === 'SQLITE_READONLY_RECOVERY') retried++;
    else if (code.startsWith('SQLITE_BUSY')) busy++;
    else throw error;
  }
  took.push((performance.now() - started) * 1000);
}
db.close();
took.sort((a, b) => a - b);
const at = (q: number) => Math.round(took[Math.min(took.length - 1, Math.floor(took.length * q))] ?? 0);
const report: ReaderReport = {
  reads: took.length,
  busy,
  retried,
  backwards,
  p50_us: at(0.5),
  p99_us: at(0.99),
  max_us: at(1),
};
parentPort?.postMessage(report);
