import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import t from 'tap';
import { eventually } from '../../eventually.ts';
import { count, database, engine, folder, rows } from '../engine.ts';

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
  const cwd = folder(t.testdir({}), [], FAST);
  writeFileSync(join(cwd, 'taken.db'), 'mine');
  t.match(await engine(cwd, 'backup', 'taken.db').ended, { code: 12, stderr: /taken\.db: is there already; valid: / });
  t.equal(statSync(join(cwd, 'taken.db')).size, 4);
  t.match(await engine(cwd, 'backup', 'copy.db').ended, { code: 12, stderr: /bot\.db/ }, 'no database');
  t.same(readdirSync(cwd).sort(), ['config', 'taken.db']);
  mkdirSync(join(cwd, 'data'));
  spawnSync('mkfifo', [database(cwd)]);
  t.match(await engine(cwd, 'backup', 'copy.db').ended, { code: 12, stderr: /bot\.db: is not a file; valid: / });
});
