import { lstatSync } from 'node:fs';
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
    const stat = lstatSync(path);
    // Opening a FIFO would wait for its other end, and a link may lead anywhere.
    if (!stat.isFile()) throw new Error(`${path}: is not a regular file`);
    const inode = stat.ino;
    if (open !== null && open.inode !== inode) close();
    if (open === null) {
      const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 250 });
      open = { db, inode };
      db.pragma('query_only = ON');
      db.pragma('trusted_schema = OFF');
    }
    return open.db;
  };
  const attempt = <T>(read: (db: Database.Database) => T): Reading<T> => {
    try {
      const db = connection();
      return available(db.transaction(() => read(db))());
    } catch (error) {
      close();
      const { message } = error as Error;
      const code = errorCode(error);
      return unavailable(code === 'ENOENT' ? `${path}: no such file` : message);
    }
  };
  return {
    look(at: number): EngineView {
      const status = attempt((db) => {
        onlyTable(db, 'engine_status');
        return db.prepare('SELECT * FROM engine_status').get() as TableRow | undefined;
      });
      const found = status.available && status.value === undefined ? unavailable('no heartbeat row yet') : status;
      const latest = (name: string) =>
        attempt((db) => {
          onlyTable(db, name);
          return db.prepare(`SELECT * FROM ${name} ORDER BY rowid DESC LIMIT ${LATEST}`).all() as TableRow[];
        });
      return { at, status: found as Reading<TableRow>, tables: TABLES.map((name) => ({ name, rows: latest(name) })) };
    },
    close,
  };
}

/** Throws if something else has the name: a view or a virtual table may produce rows without end. */
function onlyTable(db: Database.Database, name: string): void {
  const other = "SELECT 1 FROM sqlite_schema WHERE name = ? AND NOT (type = 'table' AND rootpage > 0)";
  if (db.prepare(other).get(name) !== undefined) throw new Error(`${name}: is not a table`);
}
