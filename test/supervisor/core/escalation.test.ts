import t from 'tap';
import { Soak } from './soak.ts';

const running = (...args: ConstructorParameters<typeof Soak>) => new Soak(...args).run(60);
/** The engine's part is 64 of the limit's 20. */
const HOG = { cpu: 80, share: 0.8, engineCpu: 300 } as const;

t.test('a part over its limit for 10 s without a break is one rung, at the second', async (t) => {
  const rung = running().set(HOG).until('ENGINE_RESTART');
  t.match(rung, { state: 'THROTTLE1', current_sample_every: 5, from: 'NORMAL', over: ['cpu'], cause: 'pressure' });
  t.match(rung, { pressure: { cpu: 80 }, share: { cpu: 80 }, part: { cpu: 64 }, limit: { cpu: 20 } });
  t.equal(rung.reason, "cpu pressure 80 %, engine's part 64 (limit 20) for 10 s");
  // Seen at the look after 5 s, then every second.
  t.equal(rung.at, 75);
});

t.test('no limit depends on a baseline: an engine alone climbs, whatever was measured before', async (t) => {
  const soak = new Soak({ was_running: false }, {}, { unit: { active_state: 'inactive' }, cpu: 60, share: 0 }).run(15);
  t.match(soak.of('CALIBRATED'), [{ baseline: { cpu: 60 } }]);
  soak.set({ unit: {}, cpu: 0 }).run(60).set({ cpu: 65, share: 1 });
  t.match(soak.until('ENGINE_RESTART'), { state: 'THROTTLE1', part: { cpu: 65 } });
});

t.test('a break begins the 10 s again', async (t) => {
  const soak = running();
  for (let i = 0; i < 10; i++) soak.set(HOG).run(9).set({ cpu: 0 }).run(11);
  t.same(soak.rungs(), []);
});

t.test("pressure that is others' moves nothing, whatever its height, and is one HOLD a spell", async (t) => {
  const soak = running().set({ cpu: 99, share: 0.1 }).run(3600);
  t.same(soak.effects, []);
  t.match(soak.of('HOLD'), [{ hold: 'ambient', pressure: { cpu: 99 }, part: { cpu: 9.9 } }]);
  t.equal(soak.of('HOLD').length, 1);
  // A minute below ends the spell.
  soak.set({ cpu: 0 }).run(30).set({ cpu: 99 }).run(30);
  t.equal(soak.of('HOLD').length, 1);
  soak.set({ cpu: 0 }).run(70).set({ cpu: 99 }).run(30);
  t.equal(soak.of('HOLD').length, 2);
});

t.test("stall that the engine's quota explains holds, and the rest climbs", async (t) => {
  const soak = running().set({ cpu: 60, share: 1, quota: 50 }).run(600);
  t.same(soak.effects, []);
  t.match(soak.of('HOLD'), [{ hold: 'quota' }]);
  t.match(soak.set({ quota: 2 }).until('ENGINE_RESTART'), { part: { cpu: 58 } });
});

t.test('with an unknown share nothing climbs or aborts; it recovers on the pressure itself', async (t) => {
  const soak = running({ duration_s: 80_000 }).set(HOG);
  soak.until('ENGINE_RESTART');
  soak.run(5).set({ share: null }).run(3600);
  t.match(
    soak.of('HOLD').filter(({ hold }) => hold === 'unknown'),
    [{ part: { cpu: null } }],
  );
  t.equal(soak.rungs().length, 1);
  t.match(soak.set({ cpu: 15 }).until('ENGINE_RESTART'), { cause: 'recovery', state: 'NORMAL' });
});

t.test('the next rung waits until the last one has been in force for 30 s', async (t) => {
  const soak = running().set(HOG);
  const first = soak.until('ENGINE_RESTARTED');
  const second = soak.until('ENGINE_RESTART');
  t.equal(second.state, 'THROTTLE2');
  t.ok(second.at - first.at >= 30 && second.at - first.at <= 32, `${second.at - first.at} s`);
});

t.test('start-up and the 10 s after it belong to no spell', async (t) => {
  const soak = running({}, { cooldown_s: 0 }).set({ ...HOG, kept: 0 });
  const rung = soak.until('ENGINE_RESTARTED');
  // The process is there, and keeps its first frame 20 s later.
  soak.run(20).set({ kept: 100 });
  const next = soak.until('ENGINE_RESTART');
  t.ok(next.at - rung.at >= 40, `${next.at - rung.at} s after the restart`);
  t.ok(next.at - rung.at <= 43);
});

t.test('a start-up without any frame ends after a minute', async (t) => {
  const soak = running().set({ ...HOG, kept: 0 });
  const first = soak.until('ENGINE_RESTART');
  const second = soak.until('ENGINE_RESTART');
  t.ok(second.at - first.at >= 80 && second.at - first.at <= 95, `${second.at - first.at} s`);
});

t.test('each process that ends before it is ready begins the start-up again', async (t) => {
  const soak = running({}, { stall_threshold_s: 600 }).set({ ...HOG, kept: 0 });
  for (const invocation_id of ['a', 'b', 'c', 'd'])
    soak.set({ unit: { active_state: 'activating', invocation_id } }).run(20);
  soak.set({ unit: { invocation_id: 'd' } }).run(35);
  t.same(soak.rungs(), []);
  const next = soak.until('ENGINE_RESTART');
  t.match(next, { state: 'THROTTLE1', cause: 'pressure' });
});

t.test(
  'a rung whose restart left the engine down is in force once the engine is back, not after a minute',
  async (t) => {
    const soak = running({}, { stall_threshold_s: 300 }).set(HOG);
    soak.until('ENGINE_RESTART');
    soak.set({ effects: 'left down', unit: { active_state: 'inactive' } });
    soak.until('ENGINE_RESTART_FAILED');
    // Nobody starts it until the stall does.
    const stall = soak.set({ kept: 0, rowsPerS: 0, heartbeat: false }).until('STALL');
    soak.set({ effects: 'ok', unit: {}, kept: 100, rowsPerS: 10, heartbeat: true });
    const back = soak.until('ENGINE_RESTARTED');
    t.ok(back.at - stall.at < 5);
    const next = soak.until('ENGINE_RESTART');
    t.match(next, { state: 'THROTTLE2' });
    t.ok(next.at - back.at >= 30, `${next.at - back.at} s after the engine was back`);
  },
);

t.test('THROTTLE3 in force and 120 s over the limit: THROTTLE_MAX, then ABORT and FAIL', async (t) => {
  const soak = running().set(HOG);
  const abort = soak.until('ABORT');
  t.same(
    soak.rungs().map(([, rung]) => rung),
    ['THROTTLE1', 'THROTTLE2', 'THROTTLE3'],
  );
  const top = soak.of('THROTTLE_MAX');
  t.equal(top.length, 1);
  t.equal(abort.at - (top[0]?.at ?? 0), 110, 'from ten seconds over to a hundred and twenty');
  t.match(abort, { cause: 'pressure', effect: 'restore', reason: /for 120 s at THROTTLE3/ });
  t.match(soak.run(60).last?.ending, { verdict: 'FAIL', exit_code: 20 });
  t.match(soak.records.at(-2), { action: 'RESTORED', state: 'NORMAL', current_sample_every: 1, ok: true });
});

t.test('THROTTLE_MAX is one a spell: a part that comes back a minute later is recorded again', async (t) => {
  const soak = running({ original_sample_every: 20 }).set(HOG).run(60).set({ cpu: 0 }).run(30).set(HOG).run(40);
  t.equal(soak.of('THROTTLE_MAX').length, 1);
  soak.set({ cpu: 0 }).run(120).set(HOG).run(40);
  t.equal(soak.of('THROTTLE_MAX').length, 2);
});

t.test('climbs are in no budget: an incurable engine aborts with a budget of none', async (t) => {
  const soak = running({}, { max_restarts_per_hour: 0 }).set(HOG);
  t.match(soak.until('ABORT'), { cause: 'pressure' });
});

t.test('the effect of a rung is measured by CPU time a received frame, recorded once, and bars no climb', async (t) => {
  const soak = running().set({ engineCpu: 300 }).run(60).set(HOG);
  soak.until('ENGINE_RESTART');
  soak.set({ engineCpu: 120 });
  t.match(soak.until('HOLD'), { hold: 'measured', effect_usec_per_frame: { THROTTLE1: 18_000 } });
  t.match(soak.until('HOLD'), { hold: 'measured', reason: 'THROTTLE2 changed nothing' });
  t.equal(soak.rungs().at(-1)?.[1], 'THROTTLE3');
});

t.test('a burst of the market in the 30 s after a rung hides what it saves, and bars no climb', async (t) => {
  const soak = running().set({ engineCpu: 100 }).run(60).set(HOG);
  const first = soak.until('ENGINE_RESTART');
  const second = soak.set({ engineCpu: 300 }).until('ENGINE_RESTART');
  t.match(second, { cause: 'pressure', state: 'THROTTLE2' });
  t.ok(second.at - first.at < 60, `${second.at - first.at} s`);
  t.match(soak.of('HOLD'), [{ hold: 'measured', reason: 'THROTTLE1 changed nothing' }]);
  // At THROTTLE2 it is cured: nothing is held against a rung, up or down.
  soak.set({ engineCpu: 60, cpu: 1 });
  t.match(soak.until('ENGINE_RESTART'), { cause: 'recovery', state: 'NORMAL' });
});

t.test('memory and io have limits of their own', async (t) => {
  t.match(running().set({ io: 40, share: 0.4 }).until('ENGINE_RESTART'), { over: ['io'], part: { io: 16 } });
  t.match(running().set({ memory: 30, share: 0.4 }).until('ENGINE_RESTART'), { over: ['memory'] });
});

t.test('blind time of over 30 s breaks a spell; a shorter gap does not', async (t) => {
  const soak = running({}, { sustain_s: 60 }).set(HOG).run(40);
  soak.skip(31).run(50);
  t.same(soak.rungs(), []);
  const other = running({}, { sustain_s: 60 }).set(HOG).run(40);
  other.skip(25).run(5);
  t.equal(other.rungs().length, 1);
});

t.test('a reload restarts nothing: the rung is in force when the engine says so', async (t) => {
  const soak = running({ apply: 'reload' }).set(HOG);
  t.match(soak.until('ENGINE_RESTART'), { effect: 'set-rung' });
  t.equal(soak.until('ENGINE_RESTART').state, 'THROTTLE2');
});

t.test('a rung change that failed is taken back', async (t) => {
  const soak = running().set({ ...HOG, effects: 'fail' });
  soak.until('ENGINE_RESTART');
  t.match(soak.until('ENGINE_RESTART_FAILED'), { state: 'NORMAL', current_sample_every: 1, error: 'timed out' });
});

t.test('an effect that never ends is given up after five minutes, with a record', async (t) => {
  const soak = running().set({ ...HOG, effects: null });
  const begun = soak.until('ENGINE_RESTART');
  const failed = soak.until('ENGINE_RESTART_FAILED');
  t.match(failed, { error: 'no outcome within 300 s', effect_id: begun.effect_id });
  t.equal(failed.at - begun.at, 300);
});

t.test('logonly takes the same way up to the last call: what it would do, and nothing done', async (t) => {
  const soak = running({ psi_actions: 'logonly' }).set(HOG).run(1200);
  t.match(soak.of('PSI_LOGONLY').slice(0, 3), [
    { state: 'NORMAL', would_be: 'THROTTLE1', would_be_sample_every: 5, cause: 'pressure' },
    { state: 'NORMAL', would_be: 'THROTTLE2' },
    { state: 'NORMAL', would_be: 'THROTTLE3' },
  ]);
  t.match(soak.of('PSI_LOGONLY').at(-1), { would_abort: true });
  t.same(soak.effects, []);
  t.equal(soak.last?.ending, null);
});

t.test('psi_actions off does none of this, exit code 13 included', async (t) => {
  const soak = running({ psi_actions: 'off' }).set(HOG).run(1800);
  t.same(soak.said(), ['STARTUP: manager system: a test']);
  soak.set({
    unit: { active_state: 'activating', sub_state: 'auto-restart', exec_main_status: 13, exec_main_code: 1 },
  });
  soak
    .run(5)
    .set({ unit: { n_restarts: 1, invocation_id: 'next' } })
    .run(60);
  t.same(soak.effects, []);
});

t.test('a resource that cannot be read is PSI_UNAVAILABLE once, neither over nor calm', async (t) => {
  const soak = running()
    .set({ ...HOG, blind: ['cpu', 'memory', 'io'] })
    .run(600);
  t.equal(soak.of('PSI_UNAVAILABLE').length, 3);
  t.same(soak.effects, []);
});

t.test('the ladder begins where the config was found, and recovery ends there', async (t) => {
  const soak = running({ original_sample_every: 5 }).set(HOG);
  t.match(soak.until('ENGINE_RESTART'), { state: 'THROTTLE2', from: 'THROTTLE1' });
  t.match(soak.set({ cpu: 0 }).until('ENGINE_RESTART'), { state: 'THROTTLE1', cause: 'recovery' });
  t.same(soak.run(1000).rungs().length, 2);
  t.match(running({ original_sample_every: 7 }).set(HOG).until('ENGINE_RESTART'), { state: 'THROTTLE2' });
  t.match(running({ original_sample_every: 50 }).set(HOG).until('THROTTLE_MAX'), { state: 'NORMAL' });
});
