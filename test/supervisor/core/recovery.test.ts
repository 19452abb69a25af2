import t from 'tap';
import { Soak } from './soak.ts';

/** At THROTTLE1, with an engine that a rung does help. */
function throttled(): Soak {
  const soak = new Soak({ duration_s: 86_400 }).run(60).set({ cpu: 60, engineCpu: 300 });
  soak.until('ENGINE_RESTART');
  return soak.set({ engineCpu: 100 });
}

t.test('60 s of calm, below 0.7 of every limit: one rung down', async (t) => {
  const soak = throttled().set({ cpu: 10 });
  const down = soak.until('ENGINE_RESTART');
  t.match(down, { reason: 'calm: one rung down', state: 'NORMAL', from: 'THROTTLE1', recover_hold_s: 60 });
  t.ok(Number(down.held_for_s) >= 60, String(down.held_for_s));
});

t.test('between 0.7 of the limit and the limit nothing moves', async (t) => {
  const soak = throttled().set({ cpu: 18 });
  soak.run(1800);
  t.equal(soak.of('ENGINE_RESTART').length, 1);
  t.equal(soak.verdict, 'ok: below the limit');
});

t.test('one resource that cannot be read keeps the rung: blind is not calm', async (t) => {
  const soak = throttled().set({ cpu: 0, blind: ['io'] });
  soak.run(1800);
  t.equal(soak.of('ENGINE_RESTART').length, 1);
});

t.test('calm that was broken while a restart was under way starts again', async (t) => {
  const soak = throttled().set({ cpu: 0, rowsPerS: 0, heartbeat: false });
  soak.until('STALL');
  soak.set({ effects: null, cpu: 90, rowsPerS: 10, heartbeat: true }).run(30);
  const broken = soak.at;
  soak.set({ cpu: 0 }).run(20);
  const down = soak.set({ effects: 'ok' }).until('ENGINE_RESTART');
  t.match(down, { reason: 'calm: one rung down' });
  t.ok(down.at - broken >= 60, `${down.at - broken} s`);
});

/** Up again as soon as it can be after a recovery; the next recovery's hold. */
function flap(soak: Soak): number {
  soak.set({ cpu: 60, engineCpu: 300 });
  soak.until('ENGINE_RESTART');
  soak.set({ cpu: 5, engineCpu: 100 });
  return Number(soak.until('ENGINE_RESTART').recover_hold_s);
}

t.test('each flap doubles the hold, up to eight minutes; a quiet hold halves it', async (t) => {
  const soak = throttled().set({ cpu: 5 });
  soak.until('ENGINE_RESTART');
  t.same([flap(soak), flap(soak), flap(soak), flap(soak)], [120, 240, 480, 480]);
  soak.run(500);
  t.equal(flap(soak), 240);
  soak.run(1000);
  t.equal(flap(soak), 60);
});

t.test('an escalation long after a recovery is not a flap', async (t) => {
  const soak = throttled().set({ cpu: 5 });
  soak.until('ENGINE_RESTART');
  soak.run(150);
  t.equal(flap(soak), 60);
});

t.test(
  'the recovery that a flap owes takes the whole doubled hold, however long it was neither over nor calm',
  async (t) => {
    const soak = throttled().set({ cpu: 5 });
    soak.until('ENGINE_RESTART');
    soak.set({ cpu: 60, engineCpu: 300 });
    soak.until('ENGINE_RESTART');
    soak.set({ cpu: 18, engineCpu: 100 }).run(600).set({ cpu: 5 });
    t.ok(Number(soak.until('ENGINE_RESTART').held_for_s) >= 120);
  },
);
