import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Holder } from '@hybrid-soak/contract/lock-holder.ts';
import { LockHeld, LockRefused, lastHolder, lockHolder, takeLock } from '@hybrid-soak/supervisor/adapters/lock.ts';
import { self } from '@hybrid-soak/supervisor/adapters/owner.ts';
import t from 'tap';

const holder = (run: string): Holder => ({
  ...self(),
  ...{ run, unit: 'u.service', kind: 'soak', decisions: '/d', samples: '/s', config: '/c', db: '/b' },
});

t.test('the second of a lock is refused and told who holds it; released, it is free', async (t) => {
  const path = join(t.testdir({}), 'made/lock');
  const lock = takeLock(path, holder('a'));
  t.equal(statSync(path).mode & 0o777, 0o600);
  t.throws(() => takeLock(path, holder('b')), LockHeld);
  t.match(lockHolder(path), { run: 'a', pid: process.pid });
  t.throws(() => takeLock(path, holder('b')), /is held by pid \d+, soak a, unit u\.service/);
  lock.release();
  t.equal(lockHolder(path), null);
  takeLock(path, holder('c')).release();
});

const TAKER = `
  const { takeLock } = await import(process.argv[1]);
  const { self } = await import(process.argv[2]);
  takeLock(process.argv[3], { ...self(), run: 'killed', unit: 'u', kind: 'soak', decisions: '', samples: '', config: '', db: '' });
  // A child of the holder does not keep the lock.
  const child = (await import('node:child_process')).spawn('sleep', ['600'], { stdio: 'ignore', detached: true });
  console.log(child.pid);
  setInterval(() => {}, 1000);`;

t.test('a kill -9 of the holder frees the lock at once, and the file says who it was', async (t) => {
  const path = join(t.testdir({}), 'lock');
  const modules = ['lock', 'owner'].map((name) => import.meta.resolve(`@hybrid-soak/supervisor/adapters/${name}.ts`));
  const child = spawn(process.execPath, ['--input-type=module', '-e', TAKER, ...modules, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [started] = (await once(child.stdout, 'data')) as [Buffer];
  t.teardown(() => process.kill(Number(String(started)), 'SIGKILL'));
  t.throws(() => takeLock(path, holder('b')), LockHeld);
  child.kill('SIGKILL');
  await once(child, 'exit');
  t.equal(lockHolder(path), null, 'the owner is gone');
  t.match(lastHolder(path), { run: 'killed' });
  takeLock(path, holder('b')).release();
});

t.test('a lock that nobody living claims is waited for', async (t) => {
  const path = join(t.testdir({ lock: '' }), 'lock');
  // As the child of a killed supervisor has it until it has become another program.
  const child = spawn('flock', ['-x', path, 'sh', '-c', 'echo up; sleep 0.2'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  takeLock(path, holder('b')).release();
});

t.test('what is not a lock of this account is refused, and not followed', async (t) => {
  const folder = t.testdir({ precious: 'kept', folder: {} });
  symlinkSync(join(folder, 'precious'), join(folder, 'link'));
  t.throws(() => takeLock(join(folder, 'link'), holder('a')), LockRefused);
  t.throws(() => takeLock(join(folder, 'folder'), holder('a')), LockRefused);
  t.equal(readFileSync(join(folder, 'precious'), 'utf8'), 'kept');
});

t.test('a holder file that is garbage, a folder, or missing names nobody', async (t) => {
  const path = join(t.testdir({}), 'lock');
  t.equal(lockHolder(path), null);
  for (const text of ['', 'null', '{"pid":1}']) {
    writeFileSync(`${path}.json`, text);
    t.equal(lockHolder(path), null);
  }
  rmSync(`${path}.json`);
  mkdirSync(`${path}.json`);
  t.equal(lockHolder(path), null);
});
