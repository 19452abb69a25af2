import { parentPort, workerData } from 'node:worker_threads';
import Database from 'better-sqlite3';

// However large the copy is, the process answers to signals meanwhile.
const db = new Database(workerData as string, { readonly: true, fileMustExist: true });
try {
  parentPort?.postMessage(db.pragma('integrity_check(1)', { simple: true }));
} finally {
  db.close();
}
