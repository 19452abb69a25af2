import { execFileSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { eventually } from '../eventually.ts';
import { count, database, engine, folder, logLines, writeLock } from './engine.ts';

// Each waits for deadlines most of its time.
t.jobs = 3;

const FAST = '[engine]\ntick_interval_ms = 5\n[storage]\nflush_interval_ms = 50\n';
const PAGE = 4096;

const working = (t: Test, config = FAST) => folder(t.testdir({ data: {} }), [], config);

/** Overwrites pages of the file, the first being 1. */
function damage(path: string, page: number, pages = 1): void {
  const file = openSync(path, 'r+');
  writeSync(file, Buffer.alloc(pages * PAGE, 0xab), 0, pages * PAGE, (page - 1) * PAGE);
  closeSync(file);
}

t.test(
  'a second engine on one database is refused and disturbs nothing; after a kill the next one has it',
  async (t) => {
    const cwd = working(t);
    const first = engine(cwd, 'run');
    await eventually(() => count(cwd) > 10);
    t.match(await engine(cwd, 'run').ended, {
      code: 12,
      stderr: new RegExp(`bot\\.db: another engine \\(pid ${first.child.pid}\\) writes to it; valid: `),
    });
    first.child.kill('SIGKILL');
    await first.ended;
    const third = engine(cwd, 'run');
    await third.logged('started');
    third.child.kill('SIGTERM');
    t.equal((await third.ended).code, 0);
  },
);

t.test('a database that is locked at the start is waited for; a stop meanwhile is a clean one', async (t) => {
  const cwd = working(t);
  openDatabase(database(cwd)).db.close();
  const other = writeLock(t, cwd);
  const { child, ended, logged } = engine(cwd, 'run');
  t.match(await logged('database is not writable for now'), { message: /SQLITE_BUSY/ });
  child.kill('SIGTERM');
  t.match(await ended, { code: 0, signal: null, stdout: /"received":0.*"msg":"stopped"/ });
  const again = engine(cwd, 'run');
  await again.logged('database is not writable for now');
  other.exec('ROLLBACK');
  await again.logged('started');
  again.child.kill('SIGTERM');
  t.equal((await again.ended).code, 0);
});

t.test('a database that stays locked at the start is exit 13, which systemd starts again', async (t) => {
  const cwd = working(t, '[engine]\noverload_deadline_s = 1\n');
  openDatabase(database(cwd)).db.close();
  writeLock(t, cwd);
  t.match(await engine(cwd, 'run').ended, { code: 13, stdout: /the database cannot be opened now/ });
});

t.test('SIGTERM while the disk takes nothing ends in time, with 13 and the count of what is lost', async (t) => {
  const cwd = working(t);
  const { child, ended } = engine(cwd, 'run');
  await eventually(() => count(cwd) > 10);
  writeLock(t, cwd);
  const written = count(cwd);
  child.kill('SIGTERM');
  const { code, stdout } = await ended;
  t.equal(code, 13);
  const said = logLines(stdout).find(({ msg }) => msg === 'stopped') as Record<string, number>;
  t.match(said, { ticks_written: null, unaccounted: 0, pending: (said['ticks'] ?? 0) - written });
});

const UNDER_IT: [what: string, change: (path: string) => void, says: RegExp][] = [
  [
    'a database that is removed',
    (path) => {
      for (const end of ['', '-wal', '-shm']) rmSync(path + end);
    },
    /bot\.db was removed or replaced/,
  ],
  ['a database that is replaced', (path) => renameSync(`${path}.other`, path), /bot\.db was removed or replaced/],
  ['a database that is cut off', (path) => truncateSync(path, 8192), /bot\.db was cut off from \d+ to 8192 bytes/],
  ['a WAL that is removed', (path) => rmSync(`${path}-wal`), /bot\.db-wal was removed/],
  ['a WAL that is cut off', (path) => truncateSync(`${path}-wal`), /bot\.db-wal was cut off/],
];

for (const [what, change, says] of UNDER_IT)
  t.test(`${what} under the engine ends it with 13, and nothing is said to be written`, async (t) => {
    const cwd = working(t);
    writeFileSync(`${database(cwd)}.other`, 'another file');
    // Larger than what is cut off.
    const { db } = openDatabase(database(cwd));
    db.exec("INSERT INTO quarantine (source, received_ms, reason, raw) VALUES ('s', 1, 'r', hex(zeroblob(50000)))");
    db.close();
    const { ended } = engine(cwd, 'run');
    await eventually(() => count(cwd) > 10);
    change(database(cwd));
    const { code, stdout } = await ended;
    t.equal(code, 13);
    t.match(stdout, says);
    t.notMatch(stdout, /"ticks_written":[1-9]/);
  });

t.test('a configuration that the disk does not give now is exit 13: it is not wrong', async (t) => {
  const { code, stderr } = await engine(working(t), 'run', '--config', '/proc/self/mem').ended;
  t.match({ code, stderr }, { code: 13, stderr: /cannot be read now \(EIO/ });
});

t.test('a checkpoint by another connection is not taken for a WAL that was cut off', async (t) => {
  const cwd = working(t);
  const { child, ended } = engine(cwd, 'run');
  for (let n = 1; n <= 3; n++) {
    const before = count(cwd);
    await eventually(() => count(cwd) > before + 10);
    const other = new Database(database(cwd));
    other.pragma('wal_checkpoint(TRUNCATE)');
    other.close();
  }
  const before = count(cwd);
  await eventually(() => count(cwd) > before + 10);
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
});

t.test('a read-only file system at the start is exit 13: it may be mounted again', async (t) => {
  if (process.getuid?.() !== 0) return t.pass('only root may mount', { skip: true });
  const cwd = working(t);
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', join(cwd, 'data')]);
  try {
    openDatabase(database(cwd)).db.close();
    execFileSync('mount', ['-o', 'remount,ro', join(cwd, 'data')]);
    writeFileSync(join(cwd, 'config/config.toml'), '[engine]\noverload_deadline_s = 1\n');
    t.match(await engine(cwd, 'run').ended, { code: 13, stdout: /the database cannot be opened now/ });
    rmSync(join(cwd, 'config/config.toml'));
    writeFileSync(
      join(cwd, 'config/config.toml'),
      '[app]\ndb_path = "data/new/bot.db"\n[engine]\noverload_deadline_s = 1\n',
    );
    t.match(await engine(cwd, 'run').ended, { code: 13, stdout: /EROFS/ }, 'a folder that cannot be made');
  } finally {
    execFileSync('umount', ['--lazy', join(cwd, 'data')]);
  }
});

t.test('what is refused as corrupt stays byte for byte, its WAL too; --recover moves both aside', async (t) => {
  const cwd = working(t);
  const path = database(cwd);
  const { db } = openDatabase(path);
  const insert = db.prepare("INSERT INTO ticks (symbol, price, volume, ts) VALUES ('BTCUSD', 1, 1, ?)");
  db.transaction(() => {
    for (let ts = 1; ts <= 20_000; ts++) insert.run(ts);
  })();
  db.pragma('wal_checkpoint(TRUNCATE)');
  insert.run(20_001);
  // As after a kill: both files as they are while the connection is open.
  const left = { '': readFileSync(path), '-wal': readFileSync(`${path}-wal`) };
  db.close();
  for (const [end, bytes] of Object.entries(left)) writeFileSync(path + end, bytes);
  damage(path, 40, 40);
  const bytes = () => [readFileSync(path), readFileSync(`${path}-wal`)];
  const before = bytes();
  t.match(await engine(cwd, 'run').ended, { code: 12, stderr: /bot\.db: is corrupt .*nothing was changed/ });
  t.same(bytes(), before);
  const { child, ended, logged } = engine(cwd, 'run', '--recover');
  const { moved_aside: aside } = await logged('database verified');
  t.same([readFileSync(String(aside)), readFileSync(`${aside}-wal`)], before);
  await logged('started');
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
});

t.test('a file that is not a database, as after a torn first page, is moved aside by --recover alone', async (t) => {
  const cwd = working(t);
  openDatabase(database(cwd)).db.close();
  damage(database(cwd), 1);
  const damaged = readFileSync(database(cwd));
  t.match(await engine(cwd, 'run').ended, { code: 12, stderr: /is not a SQLite database; .*--recover/ });
  t.same(readFileSync(database(cwd)), damaged);
  const { child, ended, logged } = engine(cwd, 'run', '--recover');
  const { moved_aside: aside } = await logged('database verified');
  t.same(readFileSync(String(aside)), damaged);
  await logged('started');
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
});

t.test('--recover leaves a sound database where it is', async (t) => {
  const cwd = working(t);
  openDatabase(database(cwd)).db.close();
  const { child, ended, logged } = engine(cwd, 'run', '--recover');
  t.match(await logged('database verified'), { moved_aside: null });
  await logged('started');
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
});

t.test('corruption that shows while the engine runs is exit 12: no restart repairs it', async (t) => {
  const cwd = working(t);
  const { db } = openDatabase(database(cwd));
  const root = db.prepare("SELECT rootpage FROM sqlite_master WHERE name = 'ticks_ts'").pluck().get() as number;
  // Larger than what is checked whole.
  db.exec(
    `WITH n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 9000)
     INSERT INTO quarantine (source, received_ms, reason, raw) SELECT 's', i, 'r', hex(zeroblob(2000)) FROM n`,
  );
  db.close();
  damage(database(cwd), root);
  const { code, stdout } = await engine(cwd, 'run').ended;
  t.equal(code, 12);
  t.match(stdout, /bot\.db: is corrupt .*--recover/);
});

t.test("another program's database is refused and stays as it is", async (t) => {
  const cwd = working(t);
  const db = new Database(join(cwd, 'data/bot.db'));
  db.exec('CREATE TABLE bookmarks (a); PRAGMA user_version = 1');
  db.close();
  const before = readFileSync(database(cwd));
  t.match(await engine(cwd, 'run').ended, {
    code: 12,
    stderr: /bot\.db: is another program's database; nothing was changed/,
  });
  t.same(readFileSync(database(cwd)), before);
});
