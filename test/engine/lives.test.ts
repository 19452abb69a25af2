import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { eventually } from '../eventually.ts';
import { count, engine, folder, rows } from './engine.ts';

const FAST = '[engine]\ntick_interval_ms = 5\n[storage]\nflush_interval_ms = 50\n';
const LIVES = 'SELECT * FROM engine_lives ORDER BY id';

t.test('each life has a row that says why it ended; of a killed one the next engine notes it', async (t) => {
  const cwd = folder(t.testdir({}), [], FAST);
  const first = engine(cwd, 'run');
  await eventually(() => count(cwd) > 10);
  t.match(rows(cwd, LIVES), [{ pid: first.child.pid, ended_ms: null, end_reason: null, exit_code: null }]);
  t.match(rows(cwd, 'SELECT * FROM engine_status'), [{ connection_state: 'connected' }]);
  first.child.kill('SIGKILL');
  await first.ended;
  const second = engine(cwd, 'run');
  await second.logged('started');
  second.child.kill('SIGTERM');
  t.equal((await second.ended).code, 0);
  const lives = rows<Record<string, number | string>>(cwd, LIVES);
  t.match(lives, [
    { end_reason: 'crash', exit_code: null, ended_ms: Number, totals: /"received":[1-9]/ },
    { pid: second.child.pid, end_reason: 'signal', exit_code: 0, ended_ms: Number, totals: /"received":/ },
  ]);
  for (const { started_ms = 0, ended_ms = -1 } of lives) t.ok(ended_ms >= started_ms);
  t.match(rows(cwd, 'SELECT * FROM engine_status'), [{ connection: 'stopped', connection_state: 'stopped' }]);
});

t.test('an engine that ended by itself with 0 says that its recording is finished', async (t) => {
  const cwd = folder(t.testdir({}), [], '[engine]\ningest_mode = "replay"\nreplay_file = "ticks.jsonl"\n');
  writeFileSync(join(cwd, 'ticks.jsonl'), '{"symbol":"BTCUSD","price":1,"volume":1,"ts":1700000000000}\n');
  t.equal((await engine(cwd, 'run').ended).code, 0);
  t.match(rows(cwd, LIVES), [{ end_reason: 'replay-finished', exit_code: 0, totals: /"kept":1/ }]);
});

t.test('a fault is in the row with its exit code', async (t) => {
  const text = '[engine]\ningest_mode = "realws"\nunreachable_deadline_s = 1\n';
  const cwd = folder(t.testdir({}), ['ws://127.0.0.1:9/ws/btcusdt@trade'], text);
  t.equal((await engine(cwd, 'run').ended).code, 10);
  t.match(rows(cwd, LIVES), [{ end_reason: 'network', exit_code: 10 }]);
});
