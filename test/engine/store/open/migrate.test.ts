import { join } from 'node:path';
import { MIGRATIONS, SCHEMA_VERSION } from '@hybrid-soak/contract/schema.ts';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';

const ROWS = `
INSERT INTO ticks (symbol, price, volume, ts, source, trade_id) VALUES ('BTCUSD', 7, 1, 1700000000000, 'a', '41');
INSERT INTO trades (order_id, ts, symbol, side, quantity, price, fee) VALUES
  ('o1', 1, 'BTCUSD', 'BUY', 0.5, 7, 0.01), ('o2', 2, 'BTCUSD', 'SELL', 0.25, 8, 0.02), ('o3', 3, 'ETHUSD', 'BUY', 2, 20, 0);
INSERT INTO engine_status (id, pid, started_ms, last_flush_ms, frames_received, ticks_written, drops, connection,
  sample_every, counters) VALUES (1, 99, 5, 6, 7, 8, 0, 'connected to a', 1, '{}');
`;
const HELD = `
INSERT INTO holdings VALUES ('BTCUSD', 0.25, 8), ('ETHUSD', 2, 20);
`;

/** A database as an engine of that schema version left it. */
function left(t: Test, version: number): string {
  const path = join(t.testdir(), 'bot.db');
  const db = new Database(path);
  for (let next = 1; next <= version; next++) db.exec(MIGRATIONS[next] as string);
  db.exec(ROWS + (version >= 2 ? HELD : ''));
  db.pragma(`user_version = ${version}`);
  db.close();
  return path;
}

for (const version of [1, 2])
  t.test(
    `a database of schema version ${version} comes forward with a backup, its account with cash and fees`,
    async (t) => {
      const path = left(t, version);
      const { db, migrated } = openDatabase(path);
      t.teardown(() => db.close());
      t.equal(migrated, `${path}.v${version}.bak`);
      t.equal(db.pragma('user_version', { simple: true }), SCHEMA_VERSION);
      t.match(db.prepare('SELECT * FROM ticks').all(), [{ id: 1, trade_id: '41', market: null }]);
      t.match(db.prepare('SELECT * FROM holdings ORDER BY symbol').all(), [
        { symbol: 'BTCUSD', market: null, quantity: 0.25, price: 8, cash: -1.5, fees: 0.03, folded_trades: 0 },
        { symbol: 'ETHUSD', quantity: 2, price: 20, cash: -40, fees: 0 },
      ]);
      t.match(db.prepare('SELECT * FROM engine_status').get(), {
        pid: 99,
        connection_state: 'starting',
        trade_frames_kept: 0,
        vitals: null,
      });
      const backup = new Database(String(migrated), { readonly: true });
      t.equal(backup.pragma('user_version', { simple: true }), version);
      t.equal(backup.prepare('SELECT COUNT(*) FROM trades').pluck().get(), 3);
      backup.close();
    },
  );
