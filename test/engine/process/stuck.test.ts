import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import t, { type Test } from 'tap';
import { eventually } from '../../eventually.ts';
import { ENGINE } from '../../programs.ts';
import { count, folder, rows, writeLock } from '../engine.ts';

const FAST = '[engine]\ntick_interval_ms = 5\n[storage]\nflush_interval_ms = 50\n';

/** The writing end of a pipe that is full and never read. */
function fullPipe(t: Test): number {
  const path = join(t.testdir(), 'pipe');
  execFileSync('mkfifo', [path]);
  const reader = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const writer = openSync(path, constants.O_WRONLY);
  t.teardown(() => [reader, writer].forEach(closeSync));
  for (let size = 65_536; size >= 1; ) {
    try {
      writeSync(reader, Buffer.alloc(size));
    } catch (error) {
      if ((error as { code?: string }).code !== 'EAGAIN') throw error;
      size = Math.floor(size / 2);
    }
  }
  return writer;
}

/** The engine with stdout and stderr such pipes. */
function unread(t: Test, config: string, urls: string[] = []) {
  const pipe = fullPipe(t);
  const cwd = folder(t.testdir({}), urls, config);
  const child = spawn(ENGINE, ['run'], { cwd, stdio: ['ignore', pipe, pipe] });
  t.teardown(() => child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(([code]) => code as number | null);
  return { cwd, child, ended };
}

t.test('SIGTERM ends an engine whose stdout is full and never read: 0, everything committed', async (t) => {
  const { cwd, child, ended } = unread(t, FAST);
  await eventually(() => count(cwd) > 100);
  child.kill('SIGTERM');
  t.equal(await ended, 0);
  t.match(rows(cwd, 'SELECT * FROM engine_lives'), [{ end_reason: 'signal', exit_code: 0 }]);
});

t.test('with stdout full each exit code of the contract is kept', async (t) => {
  await t.test('10', async (t) => {
    const text = '[engine]\ningest_mode = "realws"\nunreachable_deadline_s = 1\n';
    t.equal(await unread(t, text, ['ws://127.0.0.1:9/ws/btcusdt@trade']).ended, 10);
  });
  await t.test('12', async (t) => {
    t.equal(await unread(t, '[engine]\nno_such_key = 1\n').ended, 12);
  });
  await t.test('13, also with a disk that takes nothing', async (t) => {
    const { cwd, ended } = unread(t, '[engine]\ntick_interval_ms = 5\noverload_deadline_s = 2\n');
    await eventually(() => count(cwd) > 10);
    writeLock(t, cwd);
    t.equal(await ended, 13);
  });
});
