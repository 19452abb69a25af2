import { existsSync } from 'node:fs';
import Database from 'better-sqlite3';
import { database, rows } from '../engine/engine.ts';
import { check } from './fault.ts';

/** What a database says of itself after a run. */
export interface Ledger {
  ticks: number;
  maxId: number;
  /** The highest trade id; 0 if there are none. */
  lastTrade: number;
  /** Ticks that the run with this pid reported as written; 0 if it never committed. */
  writtenBy(pid: number | undefined): number;
}

const COUNTS = `SELECT COUNT(*) AS ticks, COALESCE(MAX(id), 0) AS maxId, COUNT(DISTINCT trade_id) AS trades,
  COALESCE(MAX(CAST(trade_id AS INTEGER)), 0) AS lastTrade FROM ticks`;
type Counts = Record<'ticks' | 'maxId' | 'trades' | 'lastTrade', number>;

/** Checks that the database is sound and consistent, and that every row of `before` is as it was. */
export function readLedger(cwd: string, before: Ledger | null): Ledger {
  rollBack(cwd);
  const integrity = rows(cwd, 'PRAGMA integrity_check')[0]?.['integrity_check'] ?? 'ok';
  check('integrity_check', integrity === 'ok', integrity);
  const { ticks, maxId, trades, lastTrade } = rows<Counts>(cwd, COUNTS)[0] ?? {
    ticks: 0,
    maxId: 0,
    trades: 0,
    lastTrade: 0,
  };
  check('a trade is there twice', trades === ticks, { trades, ticks, db: database(cwd) });
  check('ids were reused', maxId === ticks, { maxId, ticks });
  if (before !== null) {
    const [kept] = rows<{ last: number | null }>(
      cwd,
      `SELECT MAX(CAST(trade_id AS INTEGER)) AS last FROM ticks WHERE id <= ${before.maxId}`,
    );
    check('rows of earlier runs have changed', (kept?.last ?? 0) === before.lastTrade, kept);
  }
  checkOrders(cwd);
  const status = rows<{ pid: number; ticks_written: number }>(cwd, 'SELECT pid, ticks_written FROM engine_status')[0];
  const writtenBy = (pid: number | undefined) => (status?.pid === pid ? (status?.ticks_written ?? 0) : 0);
  return { ticks, maxId, lastTrade, writtenBy };
}

/** Killed while its database was made: the next one that may write rolls back what was begun, and a reader waits for that. */
function rollBack(cwd: string): void {
  if (!existsSync(`${database(cwd)}-journal`)) return;
  const db = new Database(database(cwd));
  db.pragma('user_version');
  db.close();
}

/** A batch that was cut in two would leave a signal without its order, or an order without its fill. */
function checkOrders(cwd: string): void {
  const [all] = rows<Record<string, number>>(
    cwd,
    `SELECT (SELECT COUNT(*) FROM signals) AS signals, (SELECT COUNT(*) FROM trades) AS fills,
     COALESCE(SUM(state = 'NEW'), 0) AS made, COALESCE(SUM(state = 'VETOED'), 0) AS vetoed,
     COALESCE(SUM(state = 'FILLED'), 0) AS filled FROM orders`,
  );
  if (all === undefined) return;
  const { signals = 0, fills, made = 0, vetoed = 0, filled } = all;
  check('half a batch', signals === made + vetoed && made === filled && filled === fills, all);
}

/** Every id of a range is there. */
export function checkComplete(cwd: string, from: number, to: number): void {
  const sql = `SELECT COUNT(*) AS n FROM ticks WHERE CAST(trade_id AS INTEGER) BETWEEN ${from} AND ${to}`;
  const n = rows<{ n: number }>(cwd, sql)[0]?.n ?? 0;
  check('trades are missing', to < from || n === to - from + 1, { from, to, n });
}
