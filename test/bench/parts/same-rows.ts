import Database from 'better-sqlite3';

/** What a client of another kind keeps of a trade. */
export interface Kept {
  symbol: string;
  price: number;
  volume: number;
  ts: number;
  tradeId: string;
}

/** The rows that the engine writes, by the plainest means: once a second, in one transaction, with a heartbeat. */
export function sameRows(path: string, source: string): (trade: Kept) => void {
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.pragma('synchronous = NORMAL');
  db.exec(
    `CREATE TABLE ticks (id INTEGER PRIMARY KEY AUTOINCREMENT, symbol TEXT, price REAL, volume REAL, ts INTEGER, source TEXT,
     trade_id TEXT); CREATE INDEX ticks_ts ON ticks (ts); CREATE TABLE status (id INTEGER PRIMARY KEY, at INTEGER)`,
  );
  const insert = db.prepare(
    'INSERT INTO ticks (symbol, price, volume, ts, source, trade_id) VALUES (?, ?, ?, ?, ?, ?)',
  );
  const beat = db.prepare('INSERT OR REPLACE INTO status VALUES (1, ?)');
  let waiting: Kept[] = [];
  const commit = db.transaction(() => {
    for (const { symbol, price, volume, ts, tradeId } of waiting)
      insert.run(symbol, price, volume, ts, source, tradeId);
    beat.run(Date.now());
    waiting = [];
  });
  setInterval(commit, 1000);
  return (trade) => void waiting.push(trade);
}
