import { statSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { available, type Reading, unavailable } from '@hybrid-soak/contract/reading.ts';
import Database from 'better-sqlite3';

export type TableRow = Record<string, string | number | null>;

/** What the live page shows of the engine: its heartbeat row, and the latest rows of its tables, newest first. */
export interface EngineView {
  /** Wall time of the look, ms since the epoch. */
  at: number;
  status: Reading<TableRow>;
  tables: { name: string; rows: Reading<TableRow[]> }[];
}

const TABLES = ['ticks', 'signals', 'orders'];
const LATEST = 12;

/**
 * A strictly read-only look at the engine's database: opened read-only, `query_only` besides, a fixed number of rows from
 * the end of each table, and never a lock that the writer would wait for (WAL). Every column is shown as it is found, so
 * that the earlier system's tables are shown too.
 */
export function engineViewer(path: string) {
  let open: { db: Database.Database; inode: number } | null = null;
  const close = () => {
    open?.db.close();
    open = null;
  };
  const connection = (): Database.Database => {
    const inode = statSync(path).ino;
    if (open !== null && open.inode !== inode) close();
    if (open === null) {
      const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 250 });
      open = { db, inode };
      db.pragma('query_only = ON');
    }
    return open.db;
  };
  const attempt = <T>(read: (db: Database.Database) => T): Reading<T> => {
    try {
      return available(read(connection()));
    } catch (error) {
      close();
      const { message } = error as Error;
      const code = errorCode(error);
      return unavailable(code === 'ENOENT' ? `${path}: no such file` : message);
    }
  };
  return {
    look(at: number): EngineView {
      const status = attempt((db) => db.prepare('SELECT * FROM engine_status').get() as TableRow | undefined);
      const found = status.available && status.value === undefined ? unavailable('no heartbeat row yet') : status;
      const latest = (name: string) =>
        attempt((db) => db.prepare(`SELECT * FROM ${name} ORDER BY rowid DESC LIMIT ${LATEST}`).all() as TableRow[]);
      return { at, status: found as Reading<TableRow>, tables: TABLES.map((name) => ({ name, rows: latest(name) })) };
    },
    close,
  };
}
