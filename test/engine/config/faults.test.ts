import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { SCHEMA_VERSION } from '@hybrid-soak/contract/schema.ts';
import Database from 'better-sqlite3';
import t from 'tap';
import { engine } from '../engine.ts';

/** What is wrong, and the one line that says what and where. */
const FAULTS: [what: string, config: string, line: RegExp][] = [
  ['a syntax error', '[engine]\nsample_every = = 1\n', /^config\/config\.toml:2: TOML syntax/],
  ['a type', '[engine]\nsample_every = "1"\n', /:2: engine\.sample_every: .*; valid: /],
  ['a range', '[engine]\nsample_every = 0\n', /:2: engine\.sample_every: .*; valid: /],
  ['an unknown key', '[engine]\nsampel_every = 1\n', /:2: engine\.sampel_every: unknown key.*sample_every/],
  ['a URL', '[engine]\ningest_mode = "mockws"\nws_url = "http://x"\n', /:3: engine\.ws_url: .*ws:\/\//],
  ['a missing URL', '[engine]\ningest_mode = "mockws"\n', /engine\.ws_url: missing in mode mockws/],
  ['LIVE', 'mode = "LIVE"\n', /:1: mode: LIVE is refused: this engine never places a real order/],
  ['live_armed', 'live_armed = true\n', /:1: live_armed: true is refused/],
  ['a missing sources file', '[engine]\ningest_mode = "realws"\n', /ws_sources\.toml: no such file/],
];

for (const [command, faults] of [
  ['check-config', FAULTS],
  // Both ask the same function.
  ['run', FAULTS.filter(([what]) => ['a syntax error', 'LIVE', 'live_armed'].includes(what))],
] as const)
  for (const [what, config, line] of faults)
    t.test(`${command}: ${what} is exit 12 and a line that says where`, async (t) => {
      const cwd = t.testdir({ config: { 'config.toml': config } });
      const { code, stdout, stderr } = await engine(cwd, command).ended;
      t.equal(code, 12);
      t.match(stderr, line);
      t.equal(stdout, '');
    });

t.test('check-config names every fault at once, and is content with a good file', async (t) => {
  const cwd = t.testdir({ config: { 'config.toml': 'mode = "LIVE"\n[engine]\nsample_every = 0\nx = 1\n' } });
  const { stderr } = await engine(cwd, 'check-config').ended;
  t.ok(stderr.trim().split('\n').length >= 2, stderr);
  writeFileSync(join(cwd, 'config/config.toml'), '');
  t.match(await engine(cwd, 'check-config').ended, { code: 0, stdout: 'config/config.toml: valid\n' });
});

t.test('a config that is missing', async (t) => {
  t.match(await engine(t.testdir({}), 'run').ended, { code: 12, stderr: /^config\/config\.toml: no such file/ });
});

t.test('a config that is a folder, or no UTF-8', async (t) => {
  const cwd = t.testdir({ config: { 'config.toml': {} } });
  t.match(await engine(cwd, 'run').ended, { code: 12, stderr: /^config\/config\.toml: cannot be read \(EISDIR\)/ });
  const latin = t.testdir({ config: {} });
  writeFileSync(join(latin, 'config/config.toml'), Buffer.from('# caf\xe9\n', 'latin1'));
  t.match(await engine(latin, 'run').ended, { code: 12, stderr: /^config\/config\.toml: .*not UTF-8/ });
});

t.test('a database where no folder can be made is refused, also where the file system does not say why', async (t) => {
  for (const path of ['/proc/none/of/bot.db', 'config/config.toml/bot.db', 'config']) {
    const cwd = t.testdir({ config: { 'config.toml': `[app]\ndb_path = "${path}"\n` } });
    t.match(await engine(cwd, 'run').ended, { code: 12, stderr: /^app\.db_path: .*; valid: a SQLite database/ }, path);
  }
});

t.test('a database that is a text file is refused and left as it is', async (t) => {
  const cwd = t.testdir({
    config: { 'config.toml': '' },
    data: { 'bot.db': 'notes of mine, and some more of them\n' },
  });
  t.match(await engine(cwd, 'run').ended, {
    code: 12,
    stderr: /bot\.db: is not a SQLite database; nothing was changed/,
  });
  t.equal(readFileSync(join(cwd, 'data/bot.db'), 'utf8'), 'notes of mine, and some more of them\n');
});

t.test('a newer schema than the code knows is refused', async (t) => {
  const cwd = t.testdir({ config: { 'config.toml': '' }, data: {} });
  const db = new Database(join(cwd, 'data/bot.db'));
  db.pragma(`user_version = ${SCHEMA_VERSION + 1}`);
  db.close();
  t.match(await engine(cwd, 'run').ended, { code: 12, stderr: /schema version \d+ is newer/ });
});

t.test("the earlier system's database is migrated forward, its ticks kept, after a backup", async (t) => {
  const cwd = t.testdir({ config: { 'config.toml': '' }, data: {} });
  const path = join(cwd, 'data/bot.db');
  const earlier = new Database(path);
  earlier.exec(
    "CREATE TABLE ticks (id INTEGER PRIMARY KEY, symbol TEXT, price REAL, volume REAL, ts INTEGER); INSERT INTO ticks VALUES (41, 'BTCUSD', 1.5, 2, 1700000000000)",
  );
  earlier.close();
  const { child, ended, logged } = engine(cwd, 'run');
  const { migrated_backup: backup } = await logged('database verified');
  await logged('started');
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
  const db = new Database(path, { readonly: true });
  t.match(db.prepare('SELECT * FROM ticks WHERE id = 41').get(), { symbol: 'BTCUSD', price: 1.5, ts: 1700000000000 });
  db.close();
  const kept = new Database(String(backup), { readonly: true });
  t.match(kept.prepare('SELECT COUNT(*) AS n FROM ticks').get(), { n: 1 });
  kept.close();
});

t.test('--help, --version, schema and an unknown option', async (t) => {
  const cwd = t.testdir({});
  t.match(await engine(cwd, '--help').ended, { code: 0, stdout: /Exit codes/ });
  t.match(await engine(cwd, '--version').ended, { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ });
  t.match(await engine(cwd, 'schema').ended, { code: 0, stdout: /CREATE TABLE ticks/ });
  t.match(await engine(cwd, 'run', '--nonsense').ended, { code: 2, stderr: /unknown option/ });
});
