import t from 'tap';
import { Soak } from './soak.ts';

const classic = () => new Soak({ policy: 'classic' });

t.test('each observation over a limit climbs, then writes THROTTLE_MAX; above five in a row ABORT', async (t) => {
  const soak = classic().set({ cpu: 55, share: 0.01 });
  const abort = soak.until('ABORT');
  t.same(soak.rungs(), [
    [5, 'THROTTLE1'],
    [10, 'THROTTLE2'],
    [15, 'THROTTLE3'],
  ]);
  t.match(soak.of('THROTTLE_MAX'), [{ at: 20 }, { at: 25 }, { at: 30 }]);
  t.equal(abort.at, 30);
  t.match(abort.reason, /cpu pressure 55 % \(limit 20\): 6 observations in a row/);
});

t.test('a calm observation resets the count, and nothing ever goes down', async (t) => {
  const soak = classic().set({ cpu: 55 }).run(25);
  for (let i = 0; i < 20; i++) soak.set({ cpu: 0 }).run(5).set({ cpu: 55 }).run(20);
  soak.set({ cpu: 0 }).run(3600);
  t.equal(soak.last?.verdict.rung, 'THROTTLE3');
  t.same(soak.of('ABORT'), []);
});

t.test("it looks at avg10 and at fixed limits: a pressure that is the host's own counts", async (t) => {
  const soak = classic().set({ io: 16, share: 0 });
  t.match(soak.until('ENGINE_RESTART'), { over: ['io'], limit: { cpu: 20, memory: 10, io: 15 } });
});

t.test('its stalls are those of every policy', async (t) => {
  t.match(classic().set({ rowsPerS: 0, heartbeat: false }).until('STALL'), { stall_streak: 1 });
});
