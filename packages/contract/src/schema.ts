/** Version of the database schema, kept in `PRAGMA user_version`. 0 with a `ticks` table is the earlier system's. */
export const SCHEMA_VERSION = 3;

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
  /*
   * A market is (venue, wire symbol); `symbol` is a name for people. Rows from before have no market. `holdings` is the
   * account: totals over all fills, and the part of them whose rows in `trades` were pruned (`folded_*`), so that
   * totals - folded = the sum over `trades`. `cash` is without fees: -quantity x price of a buy, + of a sell.
   */
  3: `
CREATE TABLE markets (
  id INTEGER PRIMARY KEY,
  venue TEXT NOT NULL, wire_symbol TEXT NOT NULL, symbol TEXT NOT NULL,
  UNIQUE (venue, wire_symbol)
);
ALTER TABLE ticks ADD COLUMN market INTEGER;
ALTER TABLE signals ADD COLUMN market INTEGER;
ALTER TABLE orders ADD COLUMN market INTEGER;
ALTER TABLE trades ADD COLUMN market INTEGER;
ALTER TABLE gaps ADD COLUMN market INTEGER;
CREATE TABLE holdings_of_3 (
  id INTEGER PRIMARY KEY, market INTEGER UNIQUE, symbol TEXT NOT NULL,
  quantity REAL NOT NULL, price REAL NOT NULL, cash REAL NOT NULL DEFAULT 0, fees REAL NOT NULL DEFAULT 0,
  folded_trades INTEGER NOT NULL DEFAULT 0, folded_quantity REAL NOT NULL DEFAULT 0,
  folded_cash REAL NOT NULL DEFAULT 0, folded_fees REAL NOT NULL DEFAULT 0
);
INSERT INTO holdings_of_3 (symbol, quantity, price, cash, fees)
  SELECT symbol, quantity, price, COALESCE(cash, 0), COALESCE(fees, 0) FROM holdings LEFT JOIN (
    SELECT symbol, SUM(CASE side WHEN 'BUY' THEN -quantity * price ELSE quantity * price END) AS cash, SUM(fee) AS fees
    FROM trades GROUP BY symbol
  ) USING (symbol);
DROP TABLE holdings;
ALTER TABLE holdings_of_3 RENAME TO holdings;
CREATE UNIQUE INDEX holdings_symbol ON holdings (symbol) WHERE market IS NULL;
ALTER TABLE engine_status ADD COLUMN connection_state TEXT NOT NULL DEFAULT 'starting';
ALTER TABLE engine_status ADD COLUMN trade_frames_kept INTEGER NOT NULL DEFAULT 0;
ALTER TABLE engine_status ADD COLUMN trade_frames_sampled_out INTEGER NOT NULL DEFAULT 0;
ALTER TABLE engine_status ADD COLUMN vitals TEXT;
CREATE TABLE engine_lives (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  invocation_id TEXT, pid INTEGER NOT NULL, started_ms INTEGER NOT NULL, ended_ms INTEGER,
  ran_ms INTEGER, end_reason TEXT, exit_code INTEGER, totals TEXT
);
CREATE TABLE stream_positions (
  market INTEGER NOT NULL, numbering TEXT NOT NULL,
  last_id TEXT NOT NULL, last_ts INTEGER NOT NULL, counting INTEGER NOT NULL,
  ids TEXT NOT NULL, holes TEXT NOT NULL, updated_ms INTEGER NOT NULL,
  PRIMARY KEY (market, numbering)
) WITHOUT ROWID;
CREATE INDEX gaps_open_market ON gaps (market, from_id) WHERE closed_at IS NULL;
DROP INDEX gaps_open;
CREATE TABLE source_health (
  name TEXT NOT NULL, url TEXT NOT NULL,
  verdict TEXT NOT NULL, noted_ms INTEGER NOT NULL, rest_until_ms INTEGER NOT NULL,
  PRIMARY KEY (name, url)
) WITHOUT ROWID;
`,
};
