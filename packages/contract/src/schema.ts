/** Version of the database schema, kept in `PRAGMA user_version`. 0 with a `ticks` table is the earlier system's. */
export const SCHEMA_VERSION = 2;

/**
 * Migrations by the version they lead to; each runs in one transaction. AUTOINCREMENT: ids are never reused, also after
 * pruning. `ts` is exchange time in milliseconds, every `*_ms` wall time in milliseconds.
 */
export const MIGRATIONS: Readonly<Record<number, string>> = {
  1: `
CREATE TABLE ticks (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  symbol TEXT NOT NULL, price REAL NOT NULL, volume REAL NOT NULL, ts INTEGER NOT NULL,
  source TEXT, trade_id TEXT
);
CREATE INDEX ticks_ts ON ticks (ts);
CREATE TABLE signals (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  ts INTEGER NOT NULL, symbol TEXT NOT NULL, source TEXT, strategy TEXT NOT NULL,
  side TEXT NOT NULL, price REAL NOT NULL, reason TEXT NOT NULL
);
CREATE TABLE orders (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  order_id TEXT NOT NULL, signal_id INTEGER, ts INTEGER NOT NULL, symbol TEXT NOT NULL, source TEXT,
  side TEXT NOT NULL, quantity REAL NOT NULL, price REAL NOT NULL, mode TEXT NOT NULL,
  state TEXT NOT NULL, reason TEXT
);
CREATE INDEX orders_order_id ON orders (order_id);
CREATE TABLE trades (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  order_id TEXT NOT NULL, ts INTEGER NOT NULL, symbol TEXT NOT NULL, side TEXT NOT NULL,
  quantity REAL NOT NULL, price REAL NOT NULL, fee REAL NOT NULL
);
CREATE TABLE gaps (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL, symbol TEXT NOT NULL, from_id TEXT NOT NULL, to_id TEXT NOT NULL,
  detected_at INTEGER NOT NULL, closed_at INTEGER
);
CREATE TABLE coverage (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL, kind TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER, detail TEXT
);
CREATE TABLE quarantine (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  source TEXT NOT NULL, received_ms INTEGER NOT NULL, reason TEXT NOT NULL, raw TEXT NOT NULL
);
CREATE TABLE engine_status (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  pid INTEGER NOT NULL, invocation_id TEXT, started_ms INTEGER NOT NULL, last_flush_ms INTEGER NOT NULL,
  frames_received INTEGER NOT NULL, ticks_written INTEGER NOT NULL, drops INTEGER NOT NULL,
  connection TEXT NOT NULL, sample_every INTEGER NOT NULL, counters TEXT NOT NULL
);
`,
  // What is held is kept as a sum: `trades` only grows, and a start must not read all of it. Few gaps and intervals are open.
  2: `
CREATE TABLE holdings (symbol TEXT PRIMARY KEY, quantity REAL NOT NULL, price REAL NOT NULL) WITHOUT ROWID;
INSERT INTO holdings (symbol, quantity, price) SELECT symbol, held, price FROM (
  SELECT symbol, price, SUM(CASE side WHEN 'BUY' THEN quantity ELSE -quantity END) AS held, MAX(id)
  FROM trades GROUP BY symbol
);
CREATE INDEX gaps_open ON gaps (source, symbol, from_id) WHERE closed_at IS NULL;
CREATE INDEX coverage_open ON coverage (source, kind) WHERE to_ms IS NULL;
`,
};
