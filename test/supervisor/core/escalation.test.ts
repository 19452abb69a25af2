import t from 'tap';
import { Soak } from './soak.ts';

const calibrated = (...args: ConstructorParameters<typeof Soak>) => new Soak(...args).run(60);
/** An engine whose CPU use falls with each rung, and a host that suffers all the same. */
const hog = (soak: Soak) => {
  soak.set({ cpu: 80, engineCpu: 300 });
  return soak;
};

t.test('one rung when a limit is exceeded for 10 s without a break', async (t) => {
  const rung = hog(calibrated()).until('ENGINE_RESTART');
  t.match(rung, { state: 'THROTTLE1', current_sample_every: 5, from: 'NORMAL', over: ['cpu'], attribution: 'engine' });
  // The rate over 10 s is above 20 at the first observation, and 10 s of that have passed two later.
  t.equal(rung.at, 75);
});

t.test('a break restarts the 10 s', async (t) => {
  const soak = calibrated();
  for (let i = 0; i < 10; i++) soak.set({ cpu: 60 }).run(5).set({ cpu: 0 }).run(15);
  t.same(soak.of('ENGINE_RESTART'), []);
});

t.test('an engine that has just started is not a measure of its load until the whole window has seen it', async (t) => {
  const soak = calibrated({}, { sustain_s: 0, stall_grace_s: 8 }).set({ rowsPerS: 0, heartbeat: null });
  const started = soak.until('ENGINE_RESTARTED');
  const rung = hog(soak.set({ rowsPerS: 10, heartbeat: true })).until('ENGINE_RESTART');
  t.ok(rung.at - started.at >= 18, `${rung.at - started.at} s after its start`);
});

t.test('the next rung waits for the cooldown: `hold: cooldown`, recorded once', async (t) => {
  const soak = hog(calibrated());
  const first = soak.until('ENGINE_RESTART');
  soak.set({ engineCpu: 100 });
  const second = soak.until('ENGINE_RESTART');
  t.equal(second.at - first.at, 30);
  t.equal(second.state, 'THROTTLE2');
  t.same(soak.said('HOLD'), ['HOLD: cooldown']);
});

for (const { title, conditions, reason, share } of [
  {
    title: 'an engine that uses a twentieth of the CPU time',
    conditions: { share: 0.05 },
    reason: 'ambient',
    share: 0.05,
  },
  {
    title: 'a quota of its own that keeps the engine waiting',
    conditions: { throttledPerS: 5 },
    reason: 'quota',
    share: null,
  },
])
  t.test(`pressure with ${title} is ${reason}: held, no restart, never an abort`, async (t) => {
    const soak = calibrated()
      .set({ cpu: 99, ...conditions })
      .run(1800);
    t.same(soak.said('HOLD'), [`HOLD: ${reason}`]);
    t.match(soak.of('HOLD'), [{ attribution: reason, engine_share: share }]);
    t.same(soak.effects, []);
    t.equal(soak.verdict, `hold: ${reason}`);
  });

t.test('io pressure is the engine’s by its share of the stall, not by its CPU use', async (t) => {
  t.match(calibrated().set({ io: 60, share: 0.4, engineCpu: 1 }).until('ENGINE_RESTART'), {
    over: ['io'],
    engine_share: 0.4,
  });
});

t.test('where no cgroup can be read pressure counts as the engine’s, and the record says so', async (t) => {
  const rung = hog(calibrated().set({ share: null })).until('ENGINE_RESTART');
  t.match(rung, { attribution: "unavailable, counted as the engine's", engine_share: null });
});

t.test('a cgroup that vanishes in mid-run leaves the last answer standing', async (t) => {
  const soak = calibrated().set({ cpu: 90, share: 0.02 }).run(60).set({ share: null }).run(600);
  t.same(soak.said('HOLD'), ['HOLD: ambient']);
  t.same(soak.effects, []);
});

t.test('a rung that did not lower the engine’s CPU use by a tenth is the last: ineffective', async (t) => {
  const soak = hog(calibrated()).run(1800);
  t.equal(soak.of('ENGINE_RESTART').length, 1);
  t.same(soak.said('HOLD'), ['HOLD: cooldown', 'HOLD: ineffective']);
});

t.test('the effect of a slow restart is judged when the engine has started up, not while it was down', async (t) => {
  const soak = hog(calibrated());
  soak.until('ENGINE_RESTART');
  soak.set({ effects: null, cpu: 0 }).run(20).set({ effects: 'ok' }).run(10).set({ cpu: 80 }).run(600);
  t.equal(soak.of('ENGINE_RESTART').length, 1);
  t.equal(soak.said('HOLD').at(-1), 'HOLD: ineffective');
});

t.test('a break in the pressure counts also while a restart is under way', async (t) => {
  const soak = calibrated({}, { sustain_s: 60 }).set({ cpu: 80, engineCpu: 300, rowsPerS: 0, heartbeat: false });
  soak.until('STALL');
  const since = soak.set({ effects: null, cpu: 0, rowsPerS: 10, heartbeat: true }).run(20).at;
  const rung = soak.set({ effects: 'ok', cpu: 80 }).until('ENGINE_RESTART');
  t.ok(rung.at - since >= 60, `${rung.at - since} s`);
});

t.test('without a cgroup the effect is judged by the pressure', async (t) => {
  const soak = hog(calibrated().set({ share: null }));
  soak.until('ENGINE_RESTART');
  t.equal(soak.set({ cpu: 60 }).until('ENGINE_RESTART').state, 'THROTTLE2');
  t.same(soak.run(600).said('HOLD').at(-1), 'HOLD: ineffective');
});

t.test('THROTTLE3 and 30 s over the limit: THROTTLE_MAX, then ABORT, config and unit restored, FAIL', async (t) => {
  const soak = hog(calibrated());
  for (const engineCpu of [250, 150, 80]) {
    soak.until('ENGINE_RESTART');
    soak.set({ engineCpu });
  }
  const top = soak.until('THROTTLE_MAX');
  const abort = soak.until('ABORT');
  t.equal(abort.at - top.at, 30);
  t.match(abort, { reason: /the engine kept the host over the limit for 30 s at THROTTLE3/, effect: 'restore' });
  soak.run(60);
  t.match(soak.last?.ending, { verdict: 'FAIL', exit_code: 20 });
  t.match(soak.records.at(-2), { action: 'RESTORED', state: 'NORMAL', current_sample_every: 1, ok: true });
});

t.test(
  'at the last rung from the beginning, with no cgroup to tell whose it is, pressure is held and aborts nothing',
  async (t) => {
    for (const original_sample_every of [20, 50]) {
      const soak = hog(calibrated({ original_sample_every }).set({ share: null })).run(1800);
      t.same(soak.effects, []);
      t.equal(soak.said('HOLD').at(-1), 'HOLD: attribution unavailable');
    }
  },
);

t.test('the hour’s budget is shared; spent, the rung is held', async (t) => {
  const soak = hog(calibrated({}, { max_restarts_per_hour: 1 }));
  soak.until('ENGINE_RESTART');
  soak.set({ engineCpu: 100 }).run(600);
  t.equal(soak.of('ENGINE_RESTART').length, 1);
  t.equal(soak.said('HOLD').at(-1), 'HOLD: budget');
});

t.test('a reload is not a restart and costs nothing of the budget', async (t) => {
  const soak = hog(calibrated({ apply: 'reload' }, { max_restarts_per_hour: 0 }));
  t.match(soak.until('ENGINE_RESTART'), { effect: 'set-rung' });
});

t.test('a rung change that failed is taken back', async (t) => {
  const soak = hog(calibrated().set({ effects: 'fail' }));
  soak.until('ENGINE_RESTART');
  t.match(soak.until('ENGINE_RESTART_FAILED'), { state: 'NORMAL', current_sample_every: 1, error: 'timed out' });
});

t.test('an effect that never ends is given up after five minutes, with a record', async (t) => {
  const soak = hog(calibrated().set({ effects: null }));
  const begun = soak.until('ENGINE_RESTART');
  const failed = soak.until('ENGINE_RESTART_FAILED');
  t.match(failed, { error: 'no outcome within 300 s', effect_id: begun.effect_id });
  t.equal(failed.at - begun.at, 300);
});

t.test('logonly takes the same way up to the last call: what it would do, and nothing done', async (t) => {
  const soak = hog(calibrated({ psi_actions: 'logonly' })).run(600);
  t.match(soak.of('PSI_LOGONLY').slice(0, 3), [
    { state: 'NORMAL', would_be: 'THROTTLE1', would_be_sample_every: 5 },
    { state: 'NORMAL', would_be: 'THROTTLE2' },
    { state: 'NORMAL', would_be: 'THROTTLE3' },
  ]);
  t.match(soak.of('PSI_LOGONLY').at(-1), { would_abort: true });
  t.same(soak.effects, []);
  t.equal(soak.last?.ending, null);
});

t.test('psi_actions off does not look at the pressure', async (t) => {
  t.same(
    hog(calibrated({ psi_actions: 'off' }))
      .run(1800)
      .said(),
    ['STARTUP: manager system: a test'],
  );
});

t.test('a resource that cannot be read is PSI_UNAVAILABLE once, neither over nor calm', async (t) => {
  const soak = calibrated()
    .set({ cpu: 99, blind: ['cpu', 'memory', 'io'] })
    .run(600);
  t.same(soak.said('PSI_UNAVAILABLE').length, 3);
  t.equal(soak.verdict, 'hold: pressure unknown');
  t.same(soak.effects, []);
});

t.test('the ladder begins where the config was found', async (t) => {
  t.match(hog(calibrated({ original_sample_every: 5 })).until('ENGINE_RESTART'), {
    state: 'THROTTLE2',
    from: 'THROTTLE1',
  });
  t.match(hog(calibrated({ original_sample_every: 7 })).until('ENGINE_RESTART'), {
    state: 'THROTTLE2',
    from: 'NORMAL',
  });
  t.match(hog(calibrated({ original_sample_every: 50 })).until('THROTTLE_MAX'), { state: 'NORMAL' });
});
