import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import { eventually } from '../eventually.ts';
import { count, engine, folder, logLines, rows } from './engine.ts';
import { BACK_WITHIN_MS, beats, exchange, RULES, state } from './exchange.ts';

// Each waits for backoffs and deadlines most of its time.
t.jobs = 4;

const WAYS = ['gone', 'silent', 'accepts and says nothing', '503'] as const;

for (const [way, every] of WAYS.flatMap((way) => [[way, 1] as const, [way, 5] as const]))
  t.test(
    `an exchange that is away (${way}), 1 in ${every} read: disconnected, the heartbeat fresh, rows soon after it is back`,
    async (t) => {
      const { be, port } = await exchange(t);
      const rules = RULES.replace('[connection]', `sample_every = ${every}\n[connection]`);
      const cwd = folder(t.testdir({}), [`ws://127.0.0.1:${port}/ws/btcusdt@trade?key=secret`], rules);
      // The engines that sample also start into the outage.
      if (every > 1) await be(way);
      const { child, ended } = engine(cwd, 'run');
      if (every === 1) {
        await eventually(() => count(cwd) > 10);
        t.equal(state(cwd)?.state, 'connected');
        await be(way);
      }
      await eventually(() => state(cwd)?.state === 'disconnected');
      await beats(cwd);
      await beats(cwd);
      t.equal(state(cwd)?.state, 'disconnected');
      const before = count(cwd);
      const backAt = performance.now();
      await be('here');
      await eventually(() => count(cwd) > before);
      t.ok(performance.now() - backAt < BACK_WITHIN_MS, `after ${Math.round(performance.now() - backAt)} ms`);
      child.kill('SIGTERM');
      const { code, stdout } = await ended;
      t.equal(code, 0);
      t.match(logLines(stdout).at(-1), { msg: 'stopped', unaccounted: 0 });
      t.notMatch(stdout, /secret/);
      t.equal(state(cwd)?.state, 'stopped');
    },
  );

t.test('an engine that is frozen during an outage has no heartbeat, one that runs goes on having one', async (t) => {
  const { be, port } = await exchange(t);
  const cwd = folder(t.testdir({}), [`ws://127.0.0.1:${port}/ws/btcusdt@trade`], RULES);
  const { child, ended } = engine(cwd, 'run');
  await eventually(() => count(cwd) > 10);
  await be('gone');
  await eventually(() => state(cwd)?.state === 'disconnected');
  child.kill('SIGSTOP');
  // On a busy machine its other threads run on until the one that takes the signal has its turn.
  const tasks = `/proc/${child.pid}/task`;
  await eventually(() => readdirSync(tasks).every((id) => /\) T /.test(readFileSync(`${tasks}/${id}/stat`, 'latin1'))));
  const frozenAt = Date.now();
  await eventually(() => Date.now() > frozenAt + 3000);
  t.ok((state(cwd)?.at ?? 0) <= frozenAt, 'not one heartbeat while it was frozen');
  child.kill('SIGCONT');
  await beats(cwd);
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
});

t.test('every source down past the deadline is exit 10, and not before; what was learnt is kept', async (t) => {
  const { be, port } = await exchange(t);
  await be('gone');
  const rules = RULES.replace('[connection]', 'unreachable_deadline_s = 3\n[connection]');
  const cwd = folder(t.testdir({}), [`ws://127.0.0.1:${port}/ws/btcusdt@trade?key=secret`], rules);
  const startedAt = performance.now();
  const { code, stdout } = await engine(cwd, 'run').ended;
  t.equal(code, 10);
  t.ok(performance.now() - startedAt > 3000);
  t.match(stdout, /every source is unreachable/);
  t.match(rows(cwd, 'SELECT name, url, verdict FROM source_health'), [
    { name: 's1', url: `ws://127.0.0.1:${port}/ws/btcusdt@trade?***`, verdict: 'failed' },
  ]);
  t.match(rows(cwd, 'SELECT end_reason, exit_code FROM engine_lives'), [{ end_reason: 'network', exit_code: 10 }]);
});

t.test('TLS refused: tried again and again, named, never a crash', async (t) => {
  const { port } = await exchange(t);
  const cwd = folder(t.testdir({}), [`wss://127.0.0.1:${port}/ws/btcusdt@trade`], RULES);
  const { child, ended, logged } = engine(cwd, 'run');
  t.match((await logged('source lost'))['why'], /SSL|TLS|wrong version/i);
  await eventually(() => state(cwd)?.state === 'disconnected');
  await beats(cwd);
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
});
