import t from 'tap';
import { Soak } from './soak.ts';

const classic = () => new Soak({ policy: 'classic' });

t.test(
  'one rung up at each observation over a limit, and ABORT at the last rung with more than five in a row',
  async (t) => {
    const soak = classic().set({ cpu: 55, share: 0.01 });
    const abort = soak.until('ABORT');
    t.same(
      soak.of('ENGINE_RESTART').map(({ at, state }) => [at, state]),
      [
        [5, 'THROTTLE1'],
        [10, 'THROTTLE2'],
        [15, 'THROTTLE3'],
      ],
    );
    t.match(soak.of('THROTTLE_MAX'), [{ at: 20 }, { at: 25 }, { at: 30 }]);
    t.equal(abort.at, 30);
    t.match(abort.reason, /cpu over the limit, observation 6 without/);
  },
);

t.test('an observation below the limit begins the count again, and nothing ever goes down', async (t) => {
  const soak = classic().set({ cpu: 55 }).run(25);
  for (let i = 0; i < 20; i++) soak.set({ cpu: 0 }).run(5).set({ cpu: 55 }).run(20);
  soak.set({ cpu: 0 }).run(3600);
  t.equal(soak.last?.verdict.rung, 'THROTTLE3');
  t.same(soak.of('ABORT'), []);
});

t.test('it looks at avg10 and at fixed limits: a pressure that is the host’s own counts', async (t) => {
  const soak = classic().set({ io: 16, share: 0 });
  t.match(soak.until('ENGINE_RESTART'), { over: ['io'], effective_limit: { cpu: 20, memory: 10, io: 15 } });
});

t.test('its budget and its stalls are those of every policy', async (t) => {
  const soak = new Soak({ policy: 'classic' }, { max_restarts_per_hour: 2 }).set({ cpu: 55 }).run(600);
  t.equal(soak.of('ENGINE_RESTART').length, 2);
  t.equal(soak.said('HOLD').at(-1), 'HOLD: budget');
  t.match(classic().set({ rowsPerS: 0, heartbeat: false }).until('STALL'), { stall_streak: 1 });
});
