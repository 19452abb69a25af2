import t from 'tap';
import { Soak } from './soak.ts';

/** At THROTTLE1, whose effect is 20,000 us a frame of 30,000: 100 % of a CPU instead of 300 %. */
function throttled(options = {}, parameters = {}): Soak {
  const soak = new Soak({ duration_s: 86_400, ...options }, parameters).set({ engineCpu: 300 }).run(60);
  soak.set({ cpu: 60, share: 0.6 });
  soak.until('ENGINE_RESTART');
  return soak.set({ engineCpu: 100, share: 0.2 }).run(45);
}

t.test('a hog that ends is back at NORMAL within five minutes, beside neighbours at 60 %', async (t) => {
  const soak = throttled();
  const ended = soak.at;
  soak.set({ cpu: 58, share: 0.02, engineCpu: 10, framesPerS: 1 });
  const down = soak.until('ENGINE_RESTART');
  t.match(down, { cause: 'recovery', state: 'NORMAL', from: 'THROTTLE1', recover_hold_s: 60 });
  t.ok(Number(down.held_for_s) >= 60 && down.at - ended < 300, `${down.at - ended} s`);
});

t.test('no recovery that would be over the limit again', async (t) => {
  // 12 now, and three times the CPU time at NORMAL: 36.
  const soak = throttled().run(3600);
  t.equal(soak.rungs().length, 1);
  const [measured] = soak.of('HOLD').filter(({ hold }) => hold === 'measured');
  t.match(measured, { effect_usec_per_frame: { THROTTLE1: 20_000 } });
});

t.test('recovery asks for 0.8 of every limit: CPU scaled, memory and io as they are', async (t) => {
  const soak = throttled().set({ cpu: 10, share: 0.2 }).set({ io: 65 });
  soak.run(600);
  t.equal(soak.rungs().length, 1, 'io part 13 is over 12');
  t.match(soak.set({ io: 55 }).until('ENGINE_RESTART'), { state: 'NORMAL' });
});

t.test('a rung that was not measured is taken to have halved the CPU time', async (t) => {
  const soak = throttled({}, { cooldown_s: 0 });
  soak.set({ engineCpu: null });
  soak.run(30).set({ cpu: 45, share: 0.2 });
  soak.run(600);
  t.equal(soak.rungs().length, 1, '9 would be 18, over 16');
  t.match(soak.set({ cpu: 35 }).until('ENGINE_RESTART'), { state: 'NORMAL' });
});

t.test('a measured effect is used at each look, however far the looks are off their grid', async (t) => {
  // 10 now, 12 at NORMAL; it would be 20 if the effect were unknown.
  const soak = throttled().set({ cpu: 50, share: 0.2, engineCpu: 10, framesPerS: 1 }).run(20);
  for (let i = 0; i < 14; i++) soak.skip(i % 2 === 0 ? 5.06 : 4.96);
  t.match(soak.rungs().at(-1), [Number, 'NORMAL']);
});

t.test('straight back to the lowest rung that will hold: four rung changes in all', async (t) => {
  const soak = new Soak({ duration_s: 86_400 }).run(60).set({ cpu: 80, share: 0.5, engineCpu: 200 });
  soak.until('ENGINE_RESTART');
  soak.until('ENGINE_RESTART');
  soak.until('ENGINE_RESTART');
  soak.set({ cpu: 30, share: 0.5, engineCpu: 60 }).run(2400);
  t.equal(soak.rungs().length, 3);
  soak.set({ cpu: 0, share: 0, engineCpu: 5, framesPerS: 1 }).run(600);
  t.same(
    soak.rungs().map(([, rung]) => rung),
    ['THROTTLE1', 'THROTTLE2', 'THROTTLE3', 'NORMAL'],
  );
});

t.test('a lower rung that is good is waited for; once it is not, the one that held is taken', async (t) => {
  // At THROTTLE2: 1.25 times the CPU time at THROTTLE1, 3.75 times at NORMAL.
  const cured = () => {
    const soak = throttled().set({ cpu: 60, share: 0.6 });
    soak.until('ENGINE_RESTART');
    return soak.set({ engineCpu: 80, cpu: 40, share: 0.4 }).run(45).set({ cpu: 8, share: 1 }).run(50);
  };
  const waits = cured().set({ cpu: 2 });
  const since = waits.at;
  const down = waits.until('ENGINE_RESTART');
  t.match(down, { cause: 'recovery', state: 'NORMAL', from: 'THROTTLE2' });
  t.ok(down.at - since >= 60 && down.at - since <= 65, `${down.at - since} s`);
  const flickers = cured().set({ cpu: 2 }).run(30).set({ cpu: 8 });
  const bad = flickers.at;
  const half = flickers.until('ENGINE_RESTART');
  t.match(half, { cause: 'recovery', state: 'THROTTLE1' });
  t.ok(half.at - bad <= 5, `${half.at - bad} s`);
});

t.test('one resource that cannot be read keeps the rung: blind is not calm', async (t) => {
  const soak = throttled()
    .set({ cpu: 0, blind: ['io'] })
    .run(1800);
  t.equal(soak.rungs().length, 1);
});

t.test('the hold has no break, and blind time is one', async (t) => {
  const soak = throttled().set({ cpu: 5 }).run(50).set({ cpu: 60 }).run(10).set({ cpu: 5 });
  const since = soak.at;
  const down = soak.until('ENGINE_RESTART');
  t.ok(down.at - since >= 60, `${down.at - since} s`);
  const other = throttled().set({ cpu: 5 }).run(50);
  other.skip(40);
  const seen = other.at;
  t.ok(other.until('ENGINE_RESTART').at - seen >= 60);
});

/** Up again as soon as it can be after a recovery; the next recovery's hold. */
function flap(soak: Soak): number {
  soak.set({ cpu: 60, share: 0.6, engineCpu: 300 });
  soak.until('ENGINE_RESTART');
  soak.set({ cpu: 0, engineCpu: 100 });
  return Number(soak.until('ENGINE_RESTART').recover_hold_s);
}

t.test('an escalation within 15 min of a recovery doubles the hold, up to 30 min', async (t) => {
  const soak = throttled({}, { max_restarts_per_hour: 100 }).set({ cpu: 0 });
  soak.until('ENGINE_RESTART');
  t.same([flap(soak), flap(soak), flap(soak), flap(soak), flap(soak), flap(soak)], [120, 240, 480, 960, 1800, 1800]);
});

t.test('an hour at NORMAL without a rung change resets it; a quarter of an hour alone does not', async (t) => {
  const soak = throttled({}, { max_restarts_per_hour: 100 }).set({ cpu: 0 });
  soak.until('ENGINE_RESTART');
  t.equal(flap(soak), 120);
  soak.run(1000);
  t.equal(flap(soak), 120, 'no flap, not reset');
  soak.run(3700);
  t.equal(flap(soak), 60);
});

t.test('twelve recoveries and stall restarts an hour, a quarter kept for stalls; then one HOLD budget', async (t) => {
  const soak = throttled({}, { max_restarts_per_hour: 4, flap_window_s: 0 }).set({ cpu: 0 });
  soak.until('ENGINE_RESTART');
  flap(soak);
  flap(soak);
  soak.set({ cpu: 60, share: 0.6, engineCpu: 300 });
  soak.until('ENGINE_RESTART');
  soak.set({ cpu: 0, engineCpu: 100 }).run(1200);
  const holds = soak.of('HOLD').filter(({ hold }) => hold === 'budget');
  t.equal(holds.length, 1, 'one a spell');
  t.equal(soak.last?.verdict.rung, 'THROTTLE1');
  // The one that is left is a stall's.
  soak.set({ rowsPerS: 0, heartbeat: false });
  t.match(soak.until('ENGINE_RESTART'), { cause: 'stall' });
});

t.test('no recovery within ten minutes of an exit code 13, which climbs at once', async (t) => {
  const soak = throttled().set({ cpu: 0 });
  const died = { active_state: 'activating', sub_state: 'auto-restart', exec_main_status: 13, exec_main_code: 1 };
  soak.set({ unit: { ...died, invocation_id: 'i2' } }).run(2);
  soak.set({ unit: { n_restarts: 1, invocation_id: 'i2b' } });
  const up = soak.until('ENGINE_RESTART');
  t.match(up, { state: 'THROTTLE2', exit_code: 13, cause: 'overload' });
  soak.set({ unit: { n_restarts: 1 } });
  t.ok(soak.until('ENGINE_RESTART').at - up.at >= 600);
});

t.test('three exits with code 13 at the last rung within 30 min abort', async (t) => {
  const soak = new Soak({ original_sample_every: 20 }).run(60);
  for (let life = 1; life <= 3; life++) {
    const died = { active_state: 'activating', sub_state: 'auto-restart', exec_main_status: 13, exec_main_code: 1 };
    soak.set({ unit: { ...died, invocation_id: `x${life}`, n_restarts: life - 1 } }).run(5);
    soak.set({ unit: { invocation_id: `x${life + 1}`, n_restarts: life } }).run(35);
  }
  t.equal(soak.of('THROTTLE_MAX').length, 2);
  t.match(soak.of('ABORT'), [{ cause: 'overload' }]);
});

t.test('nor of one at the last rung, where there is none to climb to', async (t) => {
  const soak = new Soak({ original_sample_every: 10 }).run(60).set({ cpu: 80, share: 0.8 });
  soak.until('ENGINE_RESTART');
  soak.set({ cpu: 0 }).run(30);
  const died = { active_state: 'activating', sub_state: 'auto-restart', exec_main_status: 13, exec_main_code: 1 };
  soak.set({ unit: { ...died, invocation_id: 'i2' } });
  const { at } = soak.until('THROTTLE_MAX');
  soak.set({ unit: { n_restarts: 1, invocation_id: 'i2b' } }).run(5);
  t.ok(soak.until('ENGINE_RESTART').at - at >= 600);
});
