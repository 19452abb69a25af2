import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { MIGRATIONS } from '@hybrid-soak/contract/schema.ts';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import { PRUNE_STEP, pruner } from '@hybrid-soak/engine/store/rows/prune.ts';
import { Upkeep } from '@hybrid-soak/engine/store/upkeep.ts';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { eventually } from '../../eventually.ts';
import { count, database, engine, engineWith, folder, rows } from '../engine.ts';
import { batchOf } from '../ticks.ts';

const RULES = {
  quarantineMaxRows: 10,
  retainMs: null,
  recover: false,
  patienceMs: 0,
  startedMs: 1,
  invocationId: null,
  flushIntervalMs: 1000,
  beat: new SharedArrayBuffer(8),
  ownStamps: false,
  minFreeMb: 0,
};

function filled(t: Test, ticks: number) {
  const path = join(t.testdir(), 'bot.db');
  const { db } = openDatabase(path);
  t.teardown(() => db.close());
  const insert = db.prepare("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('BTCUSD', 1, 1, ?)");
  db.transaction(() => {
    for (let ts = 1; ts <= ticks; ts++) insert.run(ts);
  })();
  const left = () => db.prepare('SELECT COUNT(*) AS n, MIN(ts) AS first, MAX(id) AS last FROM ticks').get();
  return { db, left };
}

t.test('retention deletes the oldest rows in small steps, and none that is young', async (t) => {
  const { db, left } = filled(t, 1000);
  const prune = pruner(db);
  t.equal(prune(601, 100), 100, 'one step');
  t.match(left(), { n: 900, first: 101 });
  let steps = 0;
  while (prune(601, 100) > 0) steps++;
  t.equal(steps, 5);
  t.match(left(), { n: 400, first: 601, last: 1000 });
});

t.test('a step of retention looks at its ids alone, whatever else is indexed', async (t) => {
  const { db } = filled(t, 1);
  for (const sql of PRUNE_STEP.flatMap(({ remove, next }) => [remove, next])) {
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all({ after: 0, rows: 1, before: 1, ahead: 2 }) as {
      detail: string;
    }[];
    t.ok(
      plan.some(({ detail }) => /USING INTEGER PRIMARY KEY/.test(detail)),
      sql,
    );
    t.notOk(
      plan.some(({ detail }) => /ticks_ts/.test(detail)),
      sql,
    );
  }
});

t.test('what has to stay holds nothing up: open gaps, and ticks whose time is far ahead', async (t) => {
  const { db } = filled(t, 0);
  const far = 4_000_000_000_000;
  const tick = db.prepare("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('BTCUSD', 1, 1, ?)");
  const gap = db.prepare(
    "INSERT INTO gaps (source, symbol, from_id, to_id, detected_at, closed_at) VALUES ('s', 'B', '1', '2', 1, ?)",
  );
  for (let n = 1; n <= 300; n++) {
    tick.run(n % 10 === 1 ? far : n);
    gap.run(n <= 200 ? null : n);
  }
  const prune = pruner(db);
  for (let step = 0; step < 40; step++) prune(1000, 10);
  t.equal(db.prepare('SELECT COUNT(*) FROM ticks WHERE ts < 1000').pluck().get(), 0);
  t.equal(db.prepare('SELECT COUNT(*) FROM ticks').pluck().get(), 30);
  t.equal(db.prepare('SELECT COUNT(*) FROM gaps WHERE closed_at IS NOT NULL').pluck().get(), 0);
  t.equal(db.prepare('SELECT COUNT(*) FROM gaps').pluck().get(), 200);
});

t.test('a long run of rows whose time is far ahead holds nothing up either', async (t) => {
  const { db } = filled(t, 0);
  const tick = db.prepare("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('BTCUSD', 1, 1, ?)");
  for (let n = 1; n <= 900; n++) tick.run(n > 100 && n <= 600 ? 4_000_000_000_000 : n);
  const prune = pruner(db);
  for (let step = 0; step < 30; step++) prune(801, 50, 100_000);
  t.match(db.prepare('SELECT COUNT(*) AS n, MIN(ts) AS first FROM ticks').get(), { n: 600, first: 801 });
});

t.test('ids are not used again after all rows are pruned', async (t) => {
  const { db, left } = filled(t, 10);
  pruner(db)(100, 100);
  db.prepare("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('BTCUSD', 1, 1, 200)").run();
  t.match(left(), { n: 1, last: 11 });
});

t.test('open gaps and open coverage stay', async (t) => {
  const { db } = filled(t, 1);
  db.exec(`INSERT INTO gaps (source, symbol, from_id, to_id, detected_at) VALUES ('s', 'B', '1', '2', 1);
    INSERT INTO gaps (source, symbol, from_id, to_id, detected_at, closed_at) VALUES ('s', 'B', '3', '4', 1, 2);
    INSERT INTO coverage (source, kind, from_ms) VALUES ('s', 'connected', 1);`);
  pruner(db)(100, 100);
  const n = (table: string) => (db.prepare(`SELECT COUNT(*) AS n FROM ${table}`).get() as { n: number }).n;
  t.same(['ticks', 'gaps', 'coverage'].map(n), [0, 1, 1]);
});

t.test('old trades are folded into the account before they are deleted, and money still adds up', async (t) => {
  const { db } = filled(t, 0);
  const trade = db.prepare(
    'INSERT INTO trades (order_id, ts, symbol, side, quantity, price, fee, market) VALUES (@ts, @ts, @symbol, @side, @quantity, @price, @fee, @market)',
  );
  const total = { quantity: 0, cash: 0, fees: 0 };
  for (let ts = 1; ts <= 300; ts++) {
    const row = {
      ts,
      symbol: 'BTCUSD',
      side: ts % 3 === 0 ? 'SELL' : 'BUY',
      quantity: ts / 7,
      price: 100 + ts / 3,
      fee: ts / 1000,
    };
    trade.run({ ...row, market: ts % 2 === 0 ? 2 : null });
    if (ts % 2 === 0) continue;
    const bought = row.side === 'BUY' ? row.quantity : -row.quantity;
    total.quantity += bought;
    total.cash -= bought * row.price;
    total.fees += row.fee;
  }
  const account = db.prepare(
    'INSERT INTO holdings (market, symbol, quantity, price, cash, fees) VALUES (?, ?, ?, 1, ?, ?)',
  );
  account.run(null, 'BTCUSD', total.quantity, total.cash, total.fees);
  account.run(2, 'BTCUSD', 0, 0, 0);
  const prune = pruner(db);
  while (prune(201, 30) > 0);
  const left = db
    .prepare(
      `SELECT COUNT(*) AS n, SUM(CASE side WHEN 'BUY' THEN quantity ELSE -quantity END) AS quantity, SUM(fee) AS fees,
     SUM(CASE side WHEN 'BUY' THEN -quantity * price ELSE quantity * price END) AS cash FROM trades WHERE market IS NULL`,
    )
    .get() as Record<string, number>;
  const held = db.prepare('SELECT * FROM holdings ORDER BY id').all() as Record<string, number>[];
  t.match(held, [{ folded_trades: 100 }, { folded_trades: 100 }]);
  t.equal(left['n'], 50);
  for (const sum of ['quantity', 'cash', 'fees']) {
    const off = (held[0]?.[sum] ?? 0) - (held[0]?.[`folded_${sum}`] ?? 0) - (left[sum] ?? 0);
    t.ok(Math.abs(off) < 0.005, `${sum} adds up to the cent`);
  }
});

t.test('freed pages are given back in small steps; an older database is rewritten for that', async (t) => {
  const path = join(t.testdir(), 'bot.db');
  const old = new Database(path);
  for (const version of [1, 2]) old.exec(MIGRATIONS[version] as string);
  old.pragma('user_version = 2');
  old.exec(
    `WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)
     INSERT INTO quarantine (source, received_ms, reason, raw) SELECT 's', i, 'r', hex(zeroblob(4000)) FROM n`,
  );
  old.close();
  const { db, compacted } = openDatabase(path);
  t.teardown(() => db.close());
  t.same([compacted, db.pragma('auto_vacuum', { simple: true })], ['yes', 2]);
  db.exec('DELETE FROM quarantine');
  const upkeep = new Upkeep(db, { ...RULES, path }, () => {});
  t.teardown(() => upkeep.close());
  const pages = () => db.pragma('page_count', { simple: true }) as number;
  const before = pages();
  upkeep.afterCommit(batchOf([]));
  t.equal(before - pages(), 64, 'one step');
  for (let step = 0; step < 200; step++) upkeep.afterCommit(batchOf([]));
  t.equal(db.pragma('freelist_count', { simple: true }), 2048, 'what the next rows need stays');
});

t.test('a reader that keeps the WAL beyond its bound is reported with its age, and when it has gone', async (t) => {
  const path = join(t.testdir(), 'bot.db');
  const { db } = openDatabase(path);
  t.teardown(() => db.close());
  const notes: string[] = [];
  const upkeep = new Upkeep(db, { ...RULES, path }, ({ message }) => notes.push(message));
  t.teardown(() => upkeep.close());
  const write = db.prepare(
    "INSERT INTO quarantine (source, received_ms, reason, raw) VALUES ('s', 1, 'r', hex(zeroblob(1000000)))",
  );
  const commit = () => {
    write.run();
    upkeep.afterCommit(batchOf([]));
  };
  commit();
  const reader = new Database(path, { readonly: true });
  t.teardown(() => reader.close());
  reader.exec('BEGIN');
  reader.prepare('SELECT COUNT(*) FROM ticks').get();
  const since = performance.now();
  for (let n = 0; n < 40; n++) commit();
  t.match(notes, [/^the WAL grows: some reader/]);
  t.ok(upkeep.walBlockedS() > 0 && upkeep.walBlockedS() <= (performance.now() - since) / 1000);
  reader.exec('COMMIT');
  for (let n = 0; n < 3; n++) commit();
  t.match(notes, [/^the WAL grows/, /^the WAL begins again/]);
  t.equal(upkeep.walBlockedS(), 0);
  t.ok(upkeep.walBytes <= 67_108_864, 'what it grew to is given back');
});

t.test(
  'with its clock 40 days ahead the running engine deletes nothing that is younger than retain_days',
  async (t) => {
    const cwd = folder(t.testdir({ data: {} }), [], '[engine]\ntick_interval_ms = 5\n[storage]\nretain_days = 30\n');
    const { db } = openDatabase(database(cwd));
    const insert = db.prepare("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('OLD', 1, 1, ?)");
    db.transaction(() => {
      for (let n = 2000; n > 0; n--) insert.run(Date.now() - n * 20 * 60_000);
    })();
    db.close();
    const env = {
      NODE_OPTIONS: `--import=${new URL('./clock-ahead.ts', import.meta.url).href}`,
      CLOCK_AHEAD_DAYS: '40',
    };
    const { child, ended } = engineWith(env, cwd, 'run');
    await eventually(() => count(cwd) > 2200);
    t.equal(rows<{ n: number }>(cwd, "SELECT COUNT(*) AS n FROM ticks WHERE symbol = 'OLD'")[0]?.n, 2000);
    child.kill('SIGTERM');
    t.equal((await ended).code, 0);
  },
);

t.test('the running engine prunes what is older than retain_days', async (t) => {
  const cwd = folder(t.testdir({ data: {} }), [], '[engine]\ntick_interval_ms = 5\n[storage]\nretain_days = 1\n');
  const { db } = openDatabase(database(cwd));
  const insert = db.prepare("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('OLD', 1, 1, ?)");
  const young = db.prepare("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('YOUNG', 1, 1, ?)");
  db.transaction(() => {
    for (let n = 0; n < 1200; n++) insert.run(1_700_000_000_000 + n);
    for (let n = 0; n < 101; n++) young.run(Date.now());
  })();
  db.close();
  const { child, ended } = engine(cwd, 'run');
  const old = new Database(database(cwd), { readonly: true });
  t.teardown(() => old.close());
  const left = old.prepare("SELECT COUNT(*) AS n FROM ticks WHERE symbol = 'OLD'");
  await eventually(() => (left.get() as { n: number }).n === 0);
  t.ok(count(cwd) > 0, 'new rows stay');
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
});

t.test('a corrupt database is refused with exit 12 and left alone; --recover moves it aside', async (t) => {
  const cwd = folder(t.testdir({ data: {} }), [], '[engine]\ntick_interval_ms = 5\n');
  const { db } = openDatabase(database(cwd));
  const insert = db.prepare("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('BTCUSD', 1, 1, ?)");
  db.transaction(() => {
    for (let ts = 1; ts <= 20_000; ts++) insert.run(ts);
  })();
  db.close();
  const file = openSync(database(cwd), 'r+');
  // Past the header and the schema: pages of `ticks` and its index.
  writeSync(file, Buffer.alloc(40 * 4096, 0xab), 0, 40 * 4096, 40 * 4096);
  closeSync(file);
  const damaged = readFileSync(database(cwd));
  t.match(await engine(cwd, 'run').ended, { code: 12, stderr: /bot\.db: is corrupt \(.*run --recover/ });
  t.same(readFileSync(database(cwd)), damaged);
  const { child, ended, logged } = engine(cwd, 'run', '--recover');
  const { moved_aside: aside } = await logged('database verified');
  t.same(readFileSync(String(aside)), damaged, 'kept whole');
  await eventually(() => count(cwd) > 0);
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
});
