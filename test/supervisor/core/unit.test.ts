import t from 'tap';
import { Soak } from './soak.ts';

const running = (...args: ConstructorParameters<typeof Soak>) => new Soak(...args).run(60);
/** A unit that systemd starts again after an exit; `CLD_EXITED` is 1, `CLD_KILLED` 2. */
const exited = (exec_main_status: number, exec_main_code = 1) => ({
  unit: { active_state: 'activating', sub_state: 'auto-restart', exec_main_status, exec_main_code, main_pid: 0 },
});

t.test('exit code 12 ends the soak at once, the config is restored, the engine stays down', async (t) => {
  const soak = running()
    .set({ unit: { active_state: 'failed', exec_main_status: 12, exec_main_code: 1 } })
    .run(5);
  t.match(soak.of('ENGINE_EXIT'), [{ reason: 'exit code 12 CONFIG', exit_code: 12, exit_name: 'CONFIG' }]);
  t.match(soak.of('CONFIG_ERROR'), [{ at: 65, effect: 'restore' }]);
  t.match(soak.effects, [{ kind: 'restore', leave: 'stopped' }]);
  t.match(soak.run(30).last?.ending, { verdict: 'FAIL', exit_code: 12 });
});

t.test('exit code 13 is a rung at once, without any pressure, as soon as the unit is settled', async (t) => {
  const soak = running().set(exited(13)).run(5);
  t.match(soak.of('ENGINE_EXIT'), [{ reason: 'exit code 13 OVERLOAD' }]);
  t.equal(soak.verdict, 'engine_exit: exit code 13 OVERLOAD');
  soak.set({ unit: { n_restarts: 1, invocation_id: 'again' } }).run(5);
  t.match(soak.of('ENGINE_RESTART'), [{ at: 70, state: 'THROTTLE1', reason: 'engine exit code 13' }]);
});

t.test('exit code 13 at the last rung is said, and no more', async (t) => {
  const soak = running({ original_sample_every: 20 }).set(exited(13)).run(5);
  t.match(soak.of('THROTTLE_MAX'), [{ reason: 'engine exit code 13 at the last rung' }]);
  t.same(soak.effects, []);
});

t.test('a crash is recorded once for each life, with its code or its signal', async (t) => {
  const soak = running().set(exited(1)).run(20);
  soak.set({ unit: { n_restarts: 1, invocation_id: 'second' } }).run(20);
  soak.set({ unit: { ...exited(9, 2).unit, n_restarts: 1, invocation_id: 'second' } }).run(20);
  t.match(soak.of('ENGINE_EXIT'), [
    { reason: 'exit code 1 CRASH', exit_code: 1, signal: null },
    { reason: 'signal 9', exit_code: null, signal: 9 },
  ]);
  t.equal(soak.of('ENGINE_EXIT').length, 2);
});

t.test('a restart between two observations is an exit whose code was not seen', async (t) => {
  const soak = running()
    .set({ unit: { n_restarts: 1, invocation_id: 'other' } })
    .run(20);
  t.same(soak.said('ENGINE_EXIT'), ['ENGINE_EXIT: exit code not seen; running again']);
});

t.test('a replay that has ended is the soak’s end', async (t) => {
  const soak = running({ ingest_mode: 'replay' });
  soak.set({ unit: { active_state: 'inactive', exec_main_status: 0, exec_main_code: 1 } }).run(15);
  t.match(soak.last?.ending, { verdict: 'PASS', reason: 'the replay has ended' });
});

t.test(
  'an engine that does not start is tried three times, then ABORT; restoring has three attempts of its own',
  async (t) => {
    const soak = new Soak({ was_running: false, calibrate: 'before' });
    soak.set({ unit: { active_state: 'failed' }, effects: 'fail' }).run(90);
    t.equal(soak.of('ENGINE_START').length, 3);
    t.match(soak.of('ENGINE_RESTART_FAILED').at(-1)?.reason, 'start failed: timed out');
    t.match(soak.of('ABORT'), [{ reason: 'the engine did not start: timed out' }]);
    t.equal(soak.effects.filter(({ kind }) => kind === 'restore').length, 3);
    t.match(soak.last?.ending, { verdict: 'FAIL', exit_code: 20 });
  },
);
