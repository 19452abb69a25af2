// The yardstick at low rates: a `ws` client that writes the same rows as the engine, in one transaction a second.
import Database from 'better-sqlite3';
import WebSocket from 'ws';

const tell = process.send?.bind(process) as (message: unknown) => void;
const [url, path] = process.argv.slice(2) as [string, string];
const db = new Database(path);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = NORMAL');
db.exec(
  `CREATE TABLE ticks (id INTEGER PRIMARY KEY AUTOINCREMENT, symbol TEXT, price REAL, volume REAL, ts INTEGER, source TEXT,
   trade_id TEXT); CREATE INDEX ticks_ts ON ticks (ts); CREATE TABLE status (id INTEGER PRIMARY KEY, at INTEGER)`,
);
const insert = db.prepare('INSERT INTO ticks (symbol, price, volume, ts, source, trade_id) VALUES (?, ?, ?, ?, ?, ?)');
const beat = db.prepare('INSERT OR REPLACE INTO status VALUES (1, ?)');
let waiting: { s: string; p: string; q: string; T: number; t: number }[] = [];
const commit = db.transaction(() => {
  for (const { s, p, q, T, t } of waiting) insert.run(s, Number(p), Number(q), T, 'bare', String(t));
  beat.run(Date.now());
  waiting = [];
});
let received = 0;
let until = Number.POSITIVE_INFINITY;
const check = () => {
  if (received < until) return;
  until = Number.POSITIVE_INFINITY;
  tell({ received });
};
const socket = new WebSocket(url, { perMessageDeflate: false, skipUTF8Validation: true });
socket.on('message', (data) => {
  waiting.push(JSON.parse(String(data)));
  received++;
  check();
});
setInterval(commit, 1000);
process.on('message', (message: { until: number }) => {
  until = message.until;
  check();
});
process.on('disconnect', () => process.exit());
