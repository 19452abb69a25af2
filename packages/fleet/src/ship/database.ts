import { lstatSync, realpathSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import Database from 'better-sqlite3';
import type { MarketKey, TableKind } from '../subject.ts';

export type ShippedRow = (string | number | null)[];

/** A row as a line of a message. JSON has no number without end: it is the text `Infinity`, or `-Infinity`. */
export function rowText(row: ShippedRow): string {
  const text = JSON.stringify(row);
  // It is written as null: most rows have none, and this is done for each.
  if (!text.includes('null') || !row.some(isEndless)) return text;
  return JSON.stringify(row.map((value) => (isEndless(value) ? String(value) : value)));
}

const isEndless = (value: unknown): boolean => value === Infinity || value === -Infinity;

interface Shape {
  columns: string[];
  hasMarket: boolean;
  /** The column that is set, once, when a row becomes final. */
  closes?: string;
}

export const SHAPES: Record<TableKind, Shape> = {
  ticks: { columns: ['id', 'symbol', 'price', 'volume', 'ts', 'source', 'trade_id'], hasMarket: true },
  gaps: {
    columns: ['id', 'source', 'symbol', 'from_id', 'to_id', 'detected_at', 'closed_at'],
    hasMarket: true,
    closes: 'closed_at',
  },
  coverage: { columns: ['id', 'source', 'kind', 'from_ms', 'to_ms', 'detail'], hasMarket: false, closes: 'to_ms' },
  signals: {
    columns: ['id', 'ts', 'symbol', 'source', 'strategy', 'side', 'price', 'reason'],
    hasMarket: true,
  },
  orders: {
    columns: [
      ...['id', 'order_id', 'signal_id', 'ts', 'symbol', 'source', 'side'],
      ...['quantity', 'price', 'mode', 'state', 'reason'],
    ],
    hasMarket: true,
  },
};

/** A row without its market, and the market's number in this database. */
export interface Found {
  id: number;
  row: ShippedRow;
  market: number | null;
}

export interface Reader {
  /** Rows of a table after an id, in order, at most that many. One short transaction. */
  after(kind: TableKind, id: number, limit: number): Found[];
  /** One row; null if it was pruned. */
  one(kind: TableKind, id: number): Found | null;
  /** Rows that are not final yet; none of a kind whose rows always are. */
  open(kind: TableKind): Set<number>;
  /** The greatest id that the table ever gave. */
  greatest(kind: TableKind): number;
  market(id: number | null): MarketKey | null;
  /** The engine's connection state and coverage in percent, and how many ticks lie after that id. */
  status(tick: number): { connection: string | null; coverage: number | null; lag: number };
  close(): void;
}

/** An engine that has stopped leaves a database that only who may write beside it can open. */
export const isAtRest = (error: unknown): boolean => /^SQLITE_(CANTOPEN|READONLY)/.test(errorCode(error) ?? '');

/**
 * The engine's database, opened for reading alone: no file is made, no transaction outlives a call, the writer is never blocked.
 * Throws if it cannot be opened now, as after a clean stop of the engine.
 */
export function openReader(path: string): Reader {
  const { db, real, inode } = openReadOnly(path);
  const statements = new Map<string, Database.Statement>();
  const prepared = (sql: string): Database.Statement => {
    const known = statements.get(sql) ?? db.prepare(sql);
    statements.set(sql, known);
    return known;
  };
  const select = (kind: TableKind, where: string): Database.Statement => {
    const { columns, hasMarket } = SHAPES[kind];
    return prepared(`SELECT ${columns.join(', ')}, ${hasMarket ? 'market' : 'NULL'} FROM ${kind} ${where}`).raw();
  };
  const markets = new Map<number, MarketKey | null>();
  /** One transaction: what is read has the schema that was looked at. */
  const look = <T>(read: () => T): T =>
    db.transaction(() => {
      const other = prepared(NOT_A_TABLE).pluck().get();
      if (other !== undefined) throw new Error(`${real}: ${other} is not a table`);
      return read();
    })();
  return {
    after(kind, id, limit) {
      if (lstatSync(real, { throwIfNoEntry: false })?.ino !== inode) throw new Error(`${real}: was replaced`);
      return look(() => select(kind, 'WHERE id > ? ORDER BY id LIMIT ?').all(id, limit) as ShippedRow[]).map(found);
    },
    one(kind, id) {
      const row = look(() => select(kind, 'WHERE id = ?').get(id) as ShippedRow | undefined);
      return row === undefined ? null : found(row);
    },
    open(kind) {
      const { closes } = SHAPES[kind];
      if (closes === undefined) return new Set();
      const sql = `SELECT id FROM ${kind} WHERE ${closes} IS NULL`;
      return new Set(look(() => prepared(sql).pluck().all() as number[]));
    },
    greatest: (kind) =>
      (prepared('SELECT MAX(seq) FROM sqlite_sequence WHERE name = ?').pluck().get(kind) as number | null) ?? 0,
    market(id) {
      if (id === null) return null;
      const known = markets.get(id);
      if (known !== undefined) return known;
      const sql = 'SELECT venue, wire_symbol AS symbol FROM markets WHERE id = ?';
      const market = look(() => prepared(sql).get(id) as MarketKey | undefined) ?? null;
      if (market !== null) markets.set(id, market);
      return market;
    },
    status(tick) {
      const row = look(() => prepared(STATUS).get() as EngineStatus | undefined);
      const lag = Math.max(0, this.greatest('ticks') - tick);
      return { connection: row?.connection_state ?? null, coverage: row === undefined ? null : coverageOf(row), lag };
    },
    close: () => db.close(),
  };
}

function openReadOnly(path: string): { db: Database.Database; real: string; inode: number } {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined)
    throw new Error(`${path}: is not there yet; valid: the database of an engine that has run (--db)`);
  // Opening a FIFO would wait for its other end, and a link of the engine's account may lead anywhere.
  if (!stat.isFile()) throw new Error(`${path}: is not a regular file; valid: the database itself, not a link to it`);
  const real = realpathSync(path);
  const db = new Database(real, { readonly: true, fileMustExist: true, timeout: 250 });
  try {
    db.pragma('query_only = ON');
    db.pragma('trusted_schema = OFF');
    db.pragma('cache_size = -1000');
    // Only a first look says whether it can be read.
    db.prepare('SELECT 1 FROM sqlite_schema').get();
  } catch (error) {
    db.close();
    throw error;
  }
  return { db, real, inode: stat.ino };
}

function found(row: ShippedRow): Found {
  const market = row.pop() as number | null;
  return { id: row[0] as number, row, market };
}

/** A view or a virtual table in the place of one of ours may produce rows without end. */
const NOT_A_TABLE = `SELECT name FROM sqlite_schema WHERE name IN (${[
  ...Object.keys(SHAPES),
  'markets',
  'engine_status',
]
  .map((name) => `'${name}'`)
  .join(', ')}) AND NOT (type = 'table' AND rootpage > 0)`;

const STATUS =
  'SELECT connection_state, trade_frames_kept AS kept, trade_frames_sampled_out AS out, vitals FROM engine_status';

interface EngineStatus {
  connection_state: string | null;
  kept: number | null;
  out: number | null;
  vitals: string | null;
}

/** As the supervisor has it: what sampling leaves out is covered. */
function coverageOf({ kept, out, vitals }: EngineStatus): number | null {
  const trades = (kept ?? 0) + (out ?? 0);
  const { trades_missing: missing = 0 } = JSON.parse(vitals ?? '{}') as { trades_missing?: number };
  return vitals === null || trades + missing === 0 ? null : (100 * trades) / (trades + missing);
}
