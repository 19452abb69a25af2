import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import { PRUNE_STEP, pruner } from '@hybrid-soak/engine/store/rows/prune.ts';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { eventually } from '../../eventually.ts';
import { count, database, engine, folder } from '../engine.ts';

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
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all({ after: 0, rows: 1, before: 1 }) as { detail: string }[];
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

t.test('ids are not used again after all rows are pruned', async (t) => {
  const { db, left } = filled(t, 10);
  pruner(db)(100, 100);
  db.prepare("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('BTCUSD', 1, 1, 200)").run();
  t.match(left(), { n: 1, last: 11 });
});

t.test('trades, open gaps and open coverage stay', async (t) => {
  const { db } = filled(t, 1);
  db.exec(`INSERT INTO trades (order_id, ts, symbol, side, quantity, price, fee) VALUES ('o', 1, 'B', 'BUY', 1, 1, 0);
    INSERT INTO gaps (source, symbol, from_id, to_id, detected_at) VALUES ('s', 'B', '1', '2', 1);
    INSERT INTO gaps (source, symbol, from_id, to_id, detected_at, closed_at) VALUES ('s', 'B', '3', '4', 1, 2);
    INSERT INTO coverage (source, kind, from_ms) VALUES ('s', 'connected', 1);`);
  pruner(db)(100, 100);
  const n = (table: string) => (db.prepare(`SELECT COUNT(*) AS n FROM ${table}`).get() as { n: number }).n;
  t.same(['ticks', 'trades', 'gaps', 'coverage'].map(n), [0, 1, 1, 1]);
});

t.test('the running engine prunes what is older than retain_days', async (t) => {
  const cwd = folder(t.testdir({ data: {} }), [], '[engine]\ntick_interval_ms = 5\n[storage]\nretain_days = 1\n');
  const { db } = openDatabase(database(cwd));
  const insert = db.prepare("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('OLD', 1, 1, ?)");
  db.transaction(() => {
    for (let n = 0; n < 1200; n++) insert.run(1_700_000_000_000 + n);
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
