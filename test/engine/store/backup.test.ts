import { execFileSync, spawnSync } from 'node:child_process';
import {
  closeSync,
  copyFileSync,
  existsSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { backUp } from '@hybrid-soak/engine/store/backup.ts';
import type { BackupTarget } from '@hybrid-soak/engine/store/backup-target.ts';
import Database from 'better-sqlite3';
import t, { type Test } from 'tap';
import { eventually } from '../../eventually.ts';
import { count, database, engine, folder, rows } from '../engine.ts';

const TABLE = 'CREATE TABLE one (bytes BLOB)';
const FAST = '[engine]\ntick_interval_ms = 1\n[storage]\nflush_interval_ms = 20\n';

t.test('a copy of a running database is whole, checked, and can be restored', async (t) => {
  const cwd = folder(t.testdir({}), [], FAST);
  const first = engine(cwd, 'run');
  await eventually(() => count(cwd) > 3000);
  const before = count(cwd);
  const copied = await engine(cwd, 'backup', 'copy.db').ended;
  t.match(copied, { code: 0, stdout: /^copy\.db: \d+ pages, checked\n$/, stderr: /^copying: 0 % of .*checking\n$/s });
  const after = await eventually(() => count(cwd) > before + 100 && count(cwd));
  const copy = new Database(join(cwd, 'copy.db'), { readonly: true });
  const n = copy.prepare('SELECT COUNT(*) FROM ticks').pluck().get() as number;
  t.ok(n >= before && n <= after, 'of one moment during the command');
  t.equal(copy.prepare('SELECT ticks_written FROM engine_status').pluck().get(), n, 'and of one commit');
  copy.close();
  t.same(
    readdirSync(cwd).filter((name) => name.startsWith('copy')),
    ['copy.db'],
    'one file',
  );
  first.child.kill('SIGTERM');
  t.equal((await first.ended).code, 0);

  // As the runbook says.
  mkdirSync(join(cwd, 'data/before'));
  for (const name of ['bot.db', 'bot.db-wal', 'bot.db-shm'])
    if (existsSync(join(cwd, 'data', name))) renameSync(join(cwd, 'data', name), join(cwd, 'data/before', name));
  copyFileSync(join(cwd, 'copy.db'), database(cwd));
  const second = engine(cwd, 'run');
  await eventually(() => count(cwd) > n + 100);
  second.child.kill('SIGTERM');
  t.equal((await second.ended).code, 0);
  t.same(rows(cwd, 'PRAGMA integrity_check'), [{ integrity_check: 'ok' }]);
});

t.test('a path that is taken is refused and stays as it is; nothing is left of a copy that failed', async (t) => {
  const cwd = folder(t.testdir({ data: {} }), [], FAST);
  const path = database(cwd);
  const refused = (file: string, message: RegExp) =>
    t.rejects(
      backUp(path, { path: join(cwd, file) }, () => {}, new AbortController().signal),
      {
        name: 'DatabaseRefused',
        message,
      },
    );
  await refused('copy.db', /bot\.db: no such file; valid: /);
  writeFileSync(path, '');
  await refused('copy.db', /bot\.db: is empty; valid: /);
  rmSync(path);
  spawnSync('mkfifo', [path]);
  await refused('copy.db', /bot\.db: is not a file; valid: /);
  rmSync(path);
  new Database(path).exec(TABLE).close();
  writeFileSync(join(cwd, 'taken.db'), 'mine');
  symlinkSync('nowhere', join(cwd, 'link.db'));
  const before = readdirSync(cwd).sort();
  t.match(await engine(cwd, 'backup', 'taken.db').ended, {
    code: 12,
    stdout: '',
    stderr: /^taken\.db: is there already; valid: /,
  });
  await refused('link.db', /link\.db: is there already; valid: /);
  await refused('data/', /data\/: names a folder; valid: /);
  await refused('missing/copy.db', /missing: the copy cannot be written there \(ENOENT\); valid: /);
  await refused('taken.db/copy.db', /the copy cannot be written there \(ENOTDIR\); valid: /);
  t.equal(statSync(join(cwd, 'taken.db')).size, 4);
  t.same(readdirSync(cwd).sort(), before);
});

/** A folder with a database of a few steps of a copy, and a folder for the copy. */
function large(t: Test) {
  const cwd = folder(t.testdir({ copies: {}, data: {} }), [], '');
  const path = database(cwd);
  const db = new Database(path);
  db.pragma('journal_mode = WAL');
  db.exec(`${TABLE}; INSERT INTO one VALUES (zeroblob(20000000))`).close();
  const copies = join(cwd, 'copies');
  return { cwd, path, copies, left: () => readdirSync(copies).sort() };
}

t.test('a copy that is stopped leaves nothing, at each of its steps', async (t) => {
  const { path, copies, left } = large(t);
  for (const at of ['copying', 'checking']) {
    const stopped = async (target: BackupTarget) => {
      const stopping = new AbortController();
      await t.rejects(
        backUp(path, target, (what) => what === at && stopping.abort(new Error('stopped')), stopping.signal),
        { message: 'stopped' },
      );
    };
    await stopped({ path: join(copies, 'copy.db') });
    const fd = openSync(join(copies, 'opened.db'), 'wx');
    await stopped({ fd });
    t.equal(fstatSync(fd).size, 0);
    closeSync(fd);
    t.same(left(), ['opened.db'], at);
    rmSync(join(copies, 'opened.db'));
  }
  t.notOk(readdirSync(dirname(path)).some((name) => name.includes('backup')));
});

t.test('a signal ends the command and leaves nothing of the copy; what others have beside it stays', async (t) => {
  const { cwd, left, copies } = large(t);
  writeFileSync(join(copies, 'copy.db.part'), 'mine');
  const { child, ended } = engine(cwd, 'backup', 'copies/copy.db');
  child.stderr?.once('data', () => child.kill('SIGTERM'));
  const { code } = await ended;
  // The signal may come after the end.
  t.same(left(), code === 143 ? ['copy.db.part'] : ['copy.db', 'copy.db.part']);
  t.equal(readFileSync(join(copies, 'copy.db.part'), 'utf8'), 'mine');
  if (code !== 143) rmSync(join(copies, 'copy.db'));
  const unread = engine(cwd, 'backup', 'copies/copy.db');
  unread.child.stderr?.destroy();
  t.equal((await unread.ended).code, 0, 'a reader of its progress that goes away does not end it');
  t.same(left(), ['copy.db', 'copy.db.part']);
});

t.test('what a backup left that was killed beside the database is removed by a later one', async (t) => {
  const { cwd, path, copies } = large(t);
  const [old, young] = ['.backup.0123456789ab.part', '.backup.ba9876543210.part'].map((name) =>
    join(dirname(path), name),
  );
  for (const file of [old, young] as string[]) writeFileSync(file, '');
  utimesSync(old as string, 0, 0);
  const fd = openSync(join(copies, 'opened.db'), 'wx');
  await backUp(path, { fd }, () => {}, new AbortController().signal);
  closeSync(fd);
  t.same(
    readdirSync(dirname(path)).filter((name) => name.startsWith('.backup')),
    ['.backup.ba9876543210.part'],
  );
  t.equal(new Database(join(cwd, 'copies/opened.db')).pragma('integrity_check', { simple: true }), 'ok');
});

t.test('a failure names whose it is: the folder of the copy, or the database', async (t) => {
  const { path, copies, left } = large(t);
  const fails = (file: string, expected: { message: RegExp; name: string }) =>
    t.rejects(
      backUp(path, { path: file }, () => {}, new AbortController().signal),
      expected,
    );
  const full = { message: /copies: \d+ MiB are free, the copy needs 20; valid: /, name: 'DatabaseUnavailable' };
  if (process.getuid?.() === 0) {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', copies]);
    await fails(join(copies, 'copy.db'), full).finally(() => execFileSync('umount', ['--lazy', copies]));
  }
  await fails('/proc/copy.db', { message: /^\/proc: the copy cannot be written there \(E/, name: 'DatabaseRefused' });
  const damaged = openSync(path, 'r+');
  writeSync(damaged, Buffer.alloc(4000, 1), 0, 4000, 4096);
  closeSync(damaged);
  await fails(join(copies, 'copy.db'), { message: /bot\.db: is corrupt.*valid: /, name: 'DatabaseRefused' });
  t.same(left(), []);
});
