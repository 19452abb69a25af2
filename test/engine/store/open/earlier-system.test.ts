import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';

const MS = 1_700_000_000_000;
const TICKS = 'CREATE TABLE ticks (id INTEGER PRIMARY KEY, symbol TEXT, price REAL, volume REAL, ts INTEGER)';
const ROW = `INSERT INTO ticks VALUES (41, 'BTCUSD', 1.5, 2, ${MS})`;

/** The database of this script, migrated; `value` is the first of a query. */
function migrated(t: Test, script: string) {
  const path = join(t.testdir(), 'bot.db');
  const earlier = new Database(path);
  earlier.exec(script);
  earlier.close();
  const { db, migrated } = openDatabase(path);
  t.teardown(() => db.close());
  return { db, path, backup: migrated, value: (sql: string) => db.prepare(sql).pluck().get() };
}

const TABLES: [what: string, script: string, row: Record<string, unknown>][] = [
  ['as it was', `${TICKS}; ${ROW}`, {}],
  [
    'AUTOINCREMENT and an index of our name',
    `${TICKS.replace('KEY', 'KEY AUTOINCREMENT')}; ${ROW}; CREATE INDEX ticks_ts ON ticks (ts)`,
    {},
  ],
  [
    'names in another case',
    `${TICKS.replace('ticks', 'Ticks').replace('price', 'Price')}; ${ROW}; CREATE TABLE Engine_Status (x)`,
    {},
  ],
  ['WITHOUT ROWID', `${TICKS} WITHOUT ROWID; ${ROW}`, {}],
  [
    'no id',
    `CREATE TABLE ticks (symbol, price, volume, ts); INSERT INTO ticks VALUES ('BTCUSD', 1.5, 2, ${MS})`,
    { id: 1 },
  ],
  [
    'no volume',
    `CREATE TABLE ticks (id INTEGER PRIMARY KEY, symbol, price, ts); INSERT INTO ticks VALUES (41, 'BTCUSD', 1.5, ${MS})`,
    { volume: 0 },
  ],
  ['a volume that is NULL', `${TICKS}; ${ROW.replace(' 2,', ' NULL,')}`, { volume: 0 }],
  [
    'more columns',
    `${TICKS.replace(')', ', side TEXT, source TEXT)')}; ${ROW.replace(')', ", 'BUY', 'gemini')")}`,
    { source: 'gemini' },
  ],
  [
    'numbers as text',
    `CREATE TABLE ticks (id INTEGER PRIMARY KEY, symbol, price TEXT, volume TEXT, ts TEXT); INSERT INTO ticks VALUES (41, 'BTCUSD', '1.5', '2', '${MS}')`,
    {},
  ],
  ['a date as text', `${TICKS}; ${ROW.replace(String(MS), "'2023-11-14T22:13:20.250Z'")}`, { ts: MS + 250 }],
  [
    'seconds with a fraction',
    `${TICKS.replace('ts INTEGER', 'ts REAL')}; ${ROW.replace(String(MS), '1700000000.25')}`,
    { ts: MS + 250 },
  ],
  [
    'milliseconds with a fraction',
    `${TICKS.replace('ts INTEGER', 'ts REAL')}; ${ROW.replace(String(MS), `${MS}.4`)}`,
    {},
  ],
  ['microseconds', `${TICKS}; ${ROW.replace(String(MS), `${MS}123`)}`, {}],
  [
    'a view',
    `${TICKS.replace('ticks', 'raw')}; ${ROW.replace('ticks', 'raw')}; CREATE VIEW ticks AS SELECT * FROM raw`,
    { id: 1 },
  ],
];

for (const [what, script, row] of TABLES)
  t.test(`the earlier system's ticks come over: ${what}`, async (t) => {
    const { db, backup, value } = migrated(t, script);
    t.match(db.prepare('SELECT * FROM ticks').all(), [
      { id: 41, symbol: 'BTCUSD', price: 1.5, volume: 2, ts: MS, ...row },
    ]);
    t.equal(value('SELECT typeof(ts) FROM ticks'), 'integer');
    const kept = new Database(String(backup), { readonly: true });
    t.equal(kept.prepare('SELECT COUNT(*) FROM ticks').pluck().get(), 1);
    kept.close();
  });

t.test('what cannot be a tick stays set aside, and the rest comes over', async (t) => {
  const { value } = migrated(t, `${TICKS}; ${ROW}; INSERT INTO ticks (id, symbol) VALUES (7, 'BTCUSD')`);
  t.same([value('SELECT id FROM ticks'), value('SELECT COUNT(*) FROM earlier_ticks')], [41, 2]);
});

t.test('a ticks table of other columns stays set aside', async (t) => {
  const { value } = migrated(
    t,
    'CREATE TABLE ticks (id INTEGER PRIMARY KEY, bid, ask); INSERT INTO ticks VALUES (7, 1, 2)',
  );
  t.same([value('SELECT COUNT(*) FROM ticks'), value('SELECT bid FROM earlier_ticks')], [0, 1]);
});

t.test('tables that refer to each other are set aside, and views go on', async (t) => {
  const { value } = migrated(
    t,
    `${TICKS}; ${ROW};
     CREATE TABLE signals (id INTEGER PRIMARY KEY, tick_id INTEGER REFERENCES ticks (id));
     CREATE TABLE orders (id INTEGER PRIMARY KEY, signal_id INTEGER REFERENCES signals (id));
     INSERT INTO signals VALUES (7, 41); INSERT INTO orders VALUES (3, 7);
     CREATE VIEW latest AS SELECT MAX(ts) AS ts FROM ticks`,
  );
  t.same([value('SELECT id FROM earlier_signals'), value('SELECT signal_id FROM earlier_orders')], [7, 7]);
  t.equal(value('SELECT ts FROM latest'), MS);
});

t.test('no id that was given is given again, also where all was pruned', async (t) => {
  const emptied = `${TICKS.replace('KEY', 'KEY AUTOINCREMENT')}; ${ROW}; DELETE FROM ticks`;
  const { db, value } = migrated(
    t,
    `${emptied}; CREATE TABLE signals (id INTEGER PRIMARY KEY); INSERT INTO signals VALUES (9)`,
  );
  db.exec("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('BTCUSD', 1, 1, 1)");
  db.exec("INSERT INTO signals (ts, symbol, strategy, side, price, reason) VALUES (1, 'B', 's', 'BUY', 1, 'r')");
  t.same([value('SELECT id FROM ticks'), value('SELECT id FROM signals')], [42, 10]);
});

t.test('signals without ticks', async (t) => {
  const { value, backup } = migrated(
    t,
    'CREATE TABLE signals (id INTEGER PRIMARY KEY); INSERT INTO signals VALUES (9)',
  );
  t.equal(value('SELECT id FROM earlier_signals'), 9);
  t.type(backup, 'string');
});

t.test('a migration that fails leaves the database as it was, and no backup of it', async (t) => {
  const path = join(t.testdir(), 'bot.db');
  const earlier = new Database(path);
  earlier.exec(`${TICKS}; ${ROW}; CREATE TABLE earlier_ticks (x)`);
  earlier.close();
  t.throws(() => openDatabase(path), { name: 'DatabaseRefused', message: /earlier_ticks/ });
  const db = new Database(path, { readonly: true });
  t.teardown(() => db.close());
  t.same([db.pragma('user_version', { simple: true }), db.prepare('SELECT id FROM ticks').pluck().get()], [0, 41]);
  t.same(readdirSync(t.testdirName), ['bot.db'], 'nor one of what was not changed');
});
