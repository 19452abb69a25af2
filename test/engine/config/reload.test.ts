import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { changedKeys } from '@hybrid-soak/engine/core/reload.ts';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import { serve } from '@hybrid-soak/feed/serve.ts';
import t from 'tap';
import { eventually } from '../../eventually.ts';
import { count, database, engine, folder, logLines, rows, writeLock } from '../engine.ts';

t.test('a reload names the keys that differ, but not those of others', async (t) => {
  const before = { engine: { sample_every: 1, strategy: 'sma' }, soak: { apply: 'restart' }, sources: [{ url: 'a' }] };
  const after = { engine: { sample_every: 5, strategy: 'sma' }, soak: { apply: 'reload' }, sources: [{ url: 'b' }] };
  t.same(changedKeys(before, after), ['engine.sample_every', 'sources.0.url']);
  t.same(changedKeys(before, before), []);
});

t.test('SIGHUP changes the sampling without dropping the connection or losing a trade', async (t) => {
  const feed = await serve({ port: 0, host: '127.0.0.1', rate: 1000, seed: 7 });
  t.teardown(() => feed.close());
  const url = `ws://127.0.0.1:${feed.port}/ws/btcusdt@trade`;
  const cwd = folder(t.testdir({}), [url], '[engine]\ningest_mode = "realws"\nsample_every = 1\n');
  const config = join(cwd, 'config/config.toml');
  const text = readFileSync(config, 'utf8');
  const { child, ended, logged } = engine(cwd, 'run');
  await eventually(() => count(cwd) > 200);
  writeFileSync(config, text.replace('sample_every = 1', 'sample_every = 10\nstrategy = "sma"'));
  child.kill('SIGHUP');
  t.match(await logged('reloaded'), {
    applied: ['engine.sample_every'],
    needs_restart: ['engine.strategy'],
    sample_every: 10,
  });
  await eventually(() => rows(cwd, "SELECT 1 FROM coverage WHERE kind = 'sampled'").length > 0);
  const sampled = count(cwd);
  await eventually(() => count(cwd) > sampled + 2);
  writeFileSync(config, 'sample_every = = 1\n');
  child.kill('SIGHUP');
  t.match(await logged('not reloaded: the configuration is not valid'), { faults: [/TOML syntax/] });
  writeFileSync(config, text);
  child.kill('SIGHUP');
  await eventually(() => count(cwd) > sampled + 300);
  child.kill('SIGTERM');
  const { code, stdout } = await ended;
  t.equal(code, 0);
  t.match(logLines(stdout).at(-1), { msg: 'stopped', unaccounted: 0 });
  t.equal(logLines(stdout).filter(({ msg }) => msg === 'connected').length, 1, 'one connection all along');
  t.same(rows(cwd, 'SELECT * FROM gaps'), [], 'nothing is missing that was not sampled out');
  const every = rows<{ id: string }>(cwd, 'SELECT trade_id AS id FROM ticks ORDER BY id').map(({ id }) => Number(id));
  const steps = new Set(every.slice(1).map((id, index) => id - (every[index] as number)));
  t.ok(steps.has(1) && steps.has(10), `steps of ${[...steps].join(', ')}`);
});

t.test('a reload that comes while the engine starts is not lost, and does not end it', async (t) => {
  const cwd = folder(t.testdir({ data: {} }), [], '[engine]\ntick_interval_ms = 5\nsample_every = 1\n');
  const config = join(cwd, 'config/config.toml');
  // A start that is held up, since the database is locked.
  openDatabase(database(cwd)).db.close();
  const other = writeLock(t, cwd);
  const { child, ended, logged } = engine(cwd, 'run');
  await logged('database is not writable for now');
  writeFileSync(config, readFileSync(config, 'utf8').replace('sample_every = 1', 'sample_every = 5'));
  child.kill('SIGHUP');
  other.exec('ROLLBACK');
  t.match(await logged('reloaded'), { applied: ['engine.sample_every'], sample_every: 5 });
  child.kill('SIGTERM');
  t.equal((await ended).code, 0);
});
