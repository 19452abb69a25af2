// Writes rows as an engine does, a transaction every PERIOD_MS, until SIGTERM or `rows`: node write-rows.ts FILE ROWS SEED PER_SECOND PERIOD_MS
// With PERIOD_MS the rows have the time at which they would have come.
import { existsSync } from 'node:fs';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import Database from 'better-sqlite3';

const [file = '', rows = '0', seed = '1', perSecond = '2000', period] = process.argv.slice(2);
const PERIOD_MS = Number(period ?? 25);
const isNew = !existsSync(file);
const db = new Database(file);
db.pragma('journal_mode = WAL');
db.pragma('synchronous = NORMAL');
if (isNew) {
  db.exec(Object.values(MIGRATIONS).join(''));
  db.pragma('user_version = 3');
  const market = db.prepare('INSERT INTO markets (venue, wire_symbol, symbol) VALUES (?, ?, ?)');
  market.run('stream.binance.com', 'btcusdt', 'BTCUSD');
  market.run('www.bitstamp.net', 'eth/usd é', 'ETHUSD');
}
const tick = db.prepare(
  'INSERT INTO ticks (symbol, price, volume, ts, source, trade_id, market) VALUES (?, ?, ?, ?, ?, ?, ?)',
);
const gap = db.prepare(
  'INSERT INTO gaps (source, symbol, market, from_id, to_id, detected_at) VALUES (?, ?, ?, ?, ?, ?)',
);
const closeGap = db.prepare(
  'UPDATE gaps SET closed_at = ? WHERE id = (SELECT MIN(id) FROM gaps WHERE closed_at IS NULL)',
);
const signal = db.prepare(
  'INSERT INTO signals (ts, symbol, source, strategy, side, price, reason, market) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
);
const began = db.prepare("INSERT INTO coverage (source, kind, from_ms, detail) VALUES ('made', 'connected', ?, NULL)");
const ended = db.prepare('UPDATE coverage SET to_ms = ? WHERE id = (SELECT MIN(id) FROM coverage WHERE to_ms IS NULL)');

let n = 0;
const random = () => Math.abs(Math.sin(Number(seed) * 1000 + n * 12.9898) * 43_758.5453) % 1;
const batch = db.transaction((count: number) => {
  const from = period === undefined ? null : Date.now() - PERIOD_MS;
  for (let i = 0; i < count; i++, n++) {
    const ts = from === null ? 1_700_000_000_000 + n : Math.round(from + (PERIOD_MS * i) / count);
    // The third of the markets is that of rows from before there were markets; it is seldom.
    const market = random() < 0.002 ? null : random() < 0.05 ? 2 : 1;
    tick.run('BTCUSD', 100 * random(), random(), ts, 'made', String(n), market);
    if (n % 100 === 0) signal.run(n, 'BTCUSD', 'made', 'periodic', 'BUY', random(), 'née', 1);
    if (n % 500 === 0) gap.run('made', 'BTCUSD', 1 + (n % 2), String(n), String(n + 3), n);
    if (n % 1500 === 0) closeGap.run(n);
    if (n % 700 === 0) began.run(n);
    if (n % 1400 === 0) ended.run(n);
  }
});
const timer = setInterval(() => {
  batch(Math.min(Math.ceil((Number(perSecond) * PERIOD_MS) / 1000), Number(rows) - n));
  if (n >= Number(rows)) {
    clearInterval(timer);
    process.stdout.write('written\n');
    // As an engine does it stays, with its database open.
    setInterval(() => {}, 1e6);
  }
}, PERIOD_MS);
