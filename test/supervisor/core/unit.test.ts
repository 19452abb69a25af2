import t from 'tap';
import { Soak } from './soak.ts';

const running = (...args: ConstructorParameters<typeof Soak>) => new Soak(...args).run(60);
/** A unit that systemd starts again after an exit; `CLD_EXITED` is 1, `CLD_KILLED` 2. */
const exited = (exec_main_status: number, exec_main_code = 1) => ({
  unit: { active_state: 'activating', sub_state: 'auto-restart', exec_main_status, exec_main_code, main_pid: 0 },
});
const STOPPED = { active_state: 'inactive', sub_state: 'dead', exec_main_status: 0, exec_main_code: 1, main_pid: 0 };

t.test('exit code 12 ends the soak at once, the config is restored, the engine stays down', async (t) => {
  const soak = running()
    .set({ unit: { active_state: 'failed', exec_main_status: 12, exec_main_code: 1 } })
    .run(5);
  t.match(soak.of('ENGINE_EXIT'), [{ reason: 'exit code 12 CONFIG', exit_code: 12, exit_name: 'CONFIG' }]);
  t.match(soak.of('CONFIG_ERROR'), [{ at: 65, effect: 'restore' }]);
  t.match(soak.effects, [{ kind: 'restore', leave: 'stopped' }]);
  t.match(soak.run(30).last?.ending, { verdict: 'CONFIG_ERROR', exit_code: 12 });
});

t.test('exit code 13 is a rung at once, without any pressure, as soon as the unit is settled', async (t) => {
  const soak = running().set(exited(13)).run(5);
  t.match(soak.of('ENGINE_EXIT'), [{ reason: 'exit code 13 OVERLOAD' }]);
  soak.set({ unit: { n_restarts: 1, invocation_id: 'again' } }).run(5);
  t.match(soak.of('ENGINE_RESTART'), [{ state: 'THROTTLE1', reason: 'engine exit code 13', cause: 'overload' }]);
});

t.test('exit code 13 every 40 s climbs, and never comes down while it dies', async (t) => {
  const soak = running({ duration_s: 3600 });
  for (let life = 1; life < 12 && soak.last?.ending === null; life++) {
    const before = soak.last?.state.unit.invocation ?? '';
    soak.set({ unit: { ...exited(13).unit, invocation_id: before, n_restarts: life - 1 } }).run(5);
    soak.set({ unit: { n_restarts: life, invocation_id: `x${life}` } }).run(4);
    soak.set({ unit: { n_restarts: life } }).run(31);
  }
  t.same(
    soak.of('ENGINE_RESTART').map(({ state }) => state),
    ['THROTTLE1', 'THROTTLE2', 'THROTTLE3'],
  );
  t.match(soak.of('ABORT'), [{ cause: 'overload' }]);
});

t.test('a crash is recorded once for each life, with its code or its signal', async (t) => {
  const soak = running().set(exited(1)).run(20);
  soak.set({ unit: { n_restarts: 1, invocation_id: 'second' } }).run(20);
  soak.set({ unit: { ...exited(9, 2).unit, n_restarts: 1, invocation_id: 'second' } }).run(20);
  t.match(soak.of('ENGINE_EXIT'), [
    { reason: 'exit code 1 CRASH', exit_code: 1, signal: null, by: 'itself' },
    { reason: 'signal 9', exit_code: null, signal: 9, by: 'itself' },
  ]);
  t.equal(soak.of('ENGINE_EXIT').length, 2);
  t.match(soak.of('ENGINE_RESTARTED'), [
    { at: 81, reason: 'running again after its exit', took_ms: 16_000, invocation_id: 'second' },
  ]);
});

t.test("a crash every 20 s is counted, with systemd's restarts, and judged", async (t) => {
  const soak = new Soak({ duration_s: 600, thresholds: { max_engine_exits: 0, max_restarts: 0 } });
  for (let life = 1; life < 29; life++) soak.set({ unit: { n_restarts: life, invocation_id: `x${life}` } }).run(20);
  soak.run(100);
  t.match(soak.records.at(-1), { engine_exits: 28, restarts: 28 });
  t.match(soak.last?.ending, {
    verdict: 'FAIL',
    exit_code: 21,
    reason: /max_engine_exits = 0, seen 28.*max_restarts = 0, seen 28/,
  });
});

t.test('exit code 10 is the remedy of an outage, and is held against nobody', async (t) => {
  const soak = new Soak({ duration_s: 300, thresholds: { max_engine_exits: 0 } }).run(60).set(exited(10)).run(10);
  soak.set({ unit: { n_restarts: 1, invocation_id: 'next' } }).run(300);
  t.match(soak.last?.ending, { verdict: 'PASS' });
});

t.test('a restart between two observations is an exit whose code the life of the engine still knows', async (t) => {
  const soak = running()
    .set({
      unit: { n_restarts: 1, invocation_id: 'other' },
      life: { invocation_id: 'i1', end_reason: 'crash', exit_code: 1 },
    })
    .run(20);
  t.match(soak.of('ENGINE_EXIT'), [{ exit_code: 1, by: 'itself', end_reason: 'crash' }]);
});

t.test('a unit that somebody stopped: one record, no STALL, no restart; started again the soak goes on', async (t) => {
  const soak = running().set({ rowsPerS: 0, heartbeat: false, unit: { ...STOPPED, invocation_id: 'i1' } });
  soak.set({ life: { invocation_id: 'i1', end_reason: 'signal', exit_code: 0 } }).run(600);
  t.same(soak.said('ENGINE_EXIT'), ['ENGINE_EXIT: exit code 0 COMPLETE, by somebody']);
  t.same([soak.of('STALL'), soak.effects], [[], []]);
  soak.set({ rowsPerS: 10, heartbeat: true, unit: { invocation_id: 'i9' } }).run(600);
  t.same([soak.of('STALL'), soak.of('ENGINE_EXIT').length], [[], 1]);
  const ended = soak.run(8000);
  t.match(ended.records.at(-1)?.classes_s, { stopped: 600 });
  t.match(ended.last?.ending, { verdict: 'PASS' }, 'under a tenth');
});

t.test('a restart of ours that leaves the unit down is not a stop by somebody: it is tried again', async (t) => {
  const soak = running({ thresholds: {} }).set({ rowsPerS: 0, heartbeat: false, effects: 'fail' });
  soak.until('STALL');
  soak.set({
    unit: { ...STOPPED, invocation_id: 'i1' },
    life: { invocation_id: 'i1', end_reason: 'signal', exit_code: 0 },
  });
  soak.run(60);
  t.same(soak.of('ENGINE_EXIT'), []);
  t.ok(soak.of('ENGINE_RESTART').length >= 2);
});

t.test('a start that failed before any process ran is not an exit', async (t) => {
  const never = { ...STOPPED, invocation_id: null, exec_main_status: null, exec_main_code: 0 };
  const soak = new Soak({ was_running: false }, {}, { unit: never, effects: 'fail' }).run(60);
  t.ok(soak.of('ENGINE_RESTART_FAILED').length > 0);
  t.same(soak.of('ENGINE_EXIT'), []);
});

t.test('a process that began and died between two looks is counted, and once', async (t) => {
  const soak = running()
    .set({ unit: { ...exited(1).unit, n_restarts: 1, invocation_id: 'second' } })
    .run(20);
  t.match(soak.of('ENGINE_EXIT'), [{ exits: 2 }]);
  soak.set({ unit: { n_restarts: 2, invocation_id: 'third' } }).run(60);
  t.equal(soak.of('ENGINE_EXIT').length, 1);
});

t.test('what somebody has stopped starts up when it is started: its start-up climbs nothing', async (t) => {
  const soak = running().set({ unit: { ...STOPPED, invocation_id: 'i1' } });
  soak.set({ life: { invocation_id: 'i1', end_reason: 'signal', exit_code: 0 } }).run(600);
  soak.set({ unit: { active_state: 'activating', sub_state: 'start', invocation_id: 'i2' } }).run(5);
  soak.set({ unit: { invocation_id: 'i2' }, kept: 0, framesPerS: 0, rowsPerS: 0, cpu: 90, share: 1 }).run(40);
  t.same(soak.of('ENGINE_RESTART'), []);
});

t.test('restarted by somebody is not a fault', async (t) => {
  const soak = running({ thresholds: { max_engine_exits: 0 }, duration_s: 300 })
    .set({ unit: { invocation_id: 'other' } })
    .run(300);
  t.match(soak.of('ENGINE_EXIT'), [{ by: 'somebody' }]);
  t.match(soak.last?.ending, { verdict: 'PASS' });
});

for (const [end_reason, reason] of [
  ['replay-finished', 'the replay has ended'],
  ['run-seconds', 'the engine ran its run_seconds'],
] as const)
  t.test(`an engine that ended by ${end_reason} ends the soak, judged on the time so far`, async (t) => {
    const soak = running({ thresholds: { max_engine_exits: 0 } });
    soak.set({ unit: { ...STOPPED, invocation_id: 'i1' }, life: { invocation_id: 'i1', end_reason, exit_code: 0 } });
    soak.run(15);
    t.match(soak.of('COMPLETE'), [{ reason }]);
    t.match(soak.last?.ending, { verdict: 'PASS', reason });
  });

t.test('a replay that has ended, by an engine that does not say why', async (t) => {
  const soak = running({ ingest_mode: 'replay' }).set({ unit: STOPPED }).run(15);
  t.match(soak.last?.ending, { verdict: 'PASS', reason: 'the replay has ended' });
});

t.test('an engine that does not start is tried three times, then ABORT; the restoring too', async (t) => {
  const soak = new Soak({ was_running: false }, {}, { unit: { active_state: 'failed' }, effects: 'fail' }).run(120);
  t.equal(soak.of('ENGINE_START').length, 3);
  t.match(soak.of('ENGINE_RESTART_FAILED').at(-1)?.reason, 'start failed: timed out');
  t.match(soak.of('ABORT'), [{ reason: 'the engine did not start: timed out', cause: 'start' }]);
  t.equal(soak.effects.filter(({ kind }) => kind === 'restore').length, 3);
  t.match(soak.last?.ending, { verdict: 'FAIL', exit_code: 20 });
});
