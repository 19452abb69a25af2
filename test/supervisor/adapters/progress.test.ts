import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import { progressProbe } from '@hybrid-soak/supervisor/adapters/progress.ts';
import Database from 'better-sqlite3';
import t from 'tap';

function database(path: string) {
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.exec(Object.values(MIGRATIONS).join(''));
  const insert = db.prepare("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('BTCUSD', 1, 1, ?)");
  return {
    db,
    tick: (...times: number[]) => {
      for (const ts of times) insert.run(ts);
    },
  };
}

t.test('rows newer than the last look are counted, those before the first are not', async (t) => {
  const path = join(t.testdir({}), 'bot.db');
  const { db, tick } = database(path);
  tick(1, 2, 3);
  const probe = progressProbe(path);
  t.match(probe.read().progress, { available: true, value: { new_rows: 0, ticks_count: 0, last_tick_ts: null } });
  tick(40, 50);
  t.match(probe.read().progress, { available: true, value: { new_rows: 2, ticks_count: 2, last_tick_ts: 50 } });
  tick(60);
  t.match(probe.read().progress, { available: true, value: { new_rows: 1, ticks_count: 3, last_tick_ts: 60 } });
  probe.close();
  db.close();
});

t.test("a value that no engine writes is not loaded: the file is another account's", async (t) => {
  const path = join(t.testdir({}), 'bot.db');
  const { db } = database(path);
  db.prepare(
    `INSERT INTO engine_status (id, pid, started_ms, last_flush_ms, frames_received, ticks_written, drops, connection,
     sample_every, counters, vitals) VALUES (1, 1, 1, 1, 0, 0, 0, ?, 5, '{}', ?)`,
  ).run('x'.repeat(2e6), 'y'.repeat(2e6));
  const probe = progressProbe(path);
  t.match(probe.read().heartbeat, { available: true, value: { connection: '', vitals: null, sample_every: 5 } });
  probe.close();
  db.close();
});

t.test('the heartbeat row is read with its age', async (t) => {
  const path = join(t.testdir({}), 'bot.db');
  const { db } = database(path);
  const probe = progressProbe(path);
  t.match(probe.read().heartbeat, { available: false, why: /heartbeat/ });
  const at = Date.now() - 3000;
  db.prepare(
    "INSERT INTO engine_status (id, pid, invocation_id, started_ms, last_flush_ms, frames_received, ticks_written, drops, connection, connection_state, sample_every, counters, trade_frames_kept, trade_frames_sampled_out, vitals) VALUES (1, 42, 'abc', 1, ?, 100, 50, 2, 'connected to x', 'connected', 5, '{}', 60, 40, '{\"reconnects\":2}')",
  ).run(at);
  const { heartbeat } = probe.read();
  t.match(heartbeat, {
    available: true,
    value: {
      ...{ pid: 42, invocation_id: 'abc', frames_received: 100, sample_every: 5, connection_state: 'connected' },
      ...{ trade_frames_kept: 60, trade_frames_sampled_out: 40, vitals: { reconnects: 2 } },
    },
  });
  if (heartbeat.available) t.ok(heartbeat.value.age_ms >= 3000 && heartbeat.value.age_ms < 600_000);
  probe.close();
  db.close();
});

t.test('a missing database is unavailable and nothing is created in its folder', async (t) => {
  const folder = t.testdir({});
  const probe = progressProbe(join(folder, 'bot.db'));
  t.match(probe.read().progress, { available: false, why: /no such file/ });
  t.same(readdirSync(folder), []);
  const { db, tick } = database(join(folder, 'bot.db'));
  t.match(probe.read().progress, { available: true });
  tick(9);
  t.match(probe.read().progress, { available: true, value: { new_rows: 1 } });
  probe.close();
  db.close();
});

t.test('a text file and a database without the table are unavailable with why, and hold no descriptor', async (t) => {
  const folder = t.testdir({ 'text.db': 'this is not a database, it is a text that goes on\n'.repeat(100) });
  const open = () => readdirSync('/proc/self/fd').length;
  const probe = progressProbe(join(folder, 'text.db'));
  t.match(probe.read().progress, { available: false, why: /not a database/ });
  const before = open();
  for (let i = 0; i < 20; i++) probe.read();
  t.equal(open(), before);
  const empty = new Database(join(folder, 'empty.db'));
  empty.exec('CREATE TABLE other (id INTEGER)');
  empty.close();
  t.match(progressProbe(join(folder, 'empty.db')).read().progress, { available: false, why: /no such table: ticks/ });
});

t.test("the earlier system's database, without a heartbeat row, still shows progress", async (t) => {
  const path = join(t.testdir({}), 'bot.db');
  const db = new Database(path);
  db.exec('CREATE TABLE ticks (id INTEGER PRIMARY KEY, symbol TEXT, price REAL, volume REAL, ts INTEGER)');
  const probe = progressProbe(path);
  probe.read();
  db.exec("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('BTCUSD', 1, 1, 5)");
  const seen = probe.read();
  t.match(seen.progress, { available: true, value: { new_rows: 1 } });
  t.match(seen.heartbeat, { available: false, why: /engine_status/ });
  probe.close();
  db.close();
});

t.test('a database locked by another is unavailable soon, and the rows are counted after', async (t) => {
  const path = join(t.testdir({}), 'bot.db');
  const { db, tick } = database(path);
  db.pragma('journal_mode = DELETE');
  const probe = progressProbe(path);
  probe.read();
  tick(1);
  db.exec('BEGIN EXCLUSIVE');
  // A busy machine may keep this process from running meanwhile, but hardly each time.
  const took = [1, 2, 3].map(() => {
    const started = performance.now();
    t.match(probe.read().progress, { available: false, why: /BUSY|locked/ });
    return performance.now() - started;
  });
  t.ok(Math.min(...took) < 5000, 'it does not wait');
  db.exec('COMMIT');
  t.match(probe.read().progress, { available: true, value: { new_rows: 1 } });
  probe.close();
  db.close();
});

t.test('a database that was replaced is reopened', async (t) => {
  const folder = t.testdir({});
  const path = join(folder, 'bot.db');
  const first = database(path);
  first.tick(1);
  const probe = progressProbe(path);
  probe.read();
  first.db.close();
  const second = database(join(folder, 'new.db'));
  second.tick(1, 2);
  second.db.close();
  renameSync(join(folder, 'new.db'), path);
  t.match(probe.read().progress, { available: true, value: { new_rows: 0 } });
  const again = new Database(path);
  again.exec("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('BTCUSD', 1, 1, 5)");
  t.match(probe.read().progress, { available: true, value: { new_rows: 1 } });
  again.close();
  probe.close();
  writeFileSync(join(folder, 'done'), '');
});
