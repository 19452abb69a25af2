import t from 'tap';
import { Soak } from './soak.ts';

t.test(
  'the baseline is the median pressure of the calibration, each limit the larger of fixed and baseline + margin',
  async (t) => {
    const calibrated = new Soak().set({ cpu: 55, memory: 2, io: 10 }).until('CALIBRATED');
    t.match(calibrated, {
      at: 30,
      reason: 'measured beside the running engine',
      calibrate: 'live',
      baseline: { cpu: 55, memory: 2, io: 10 },
      effective_limit: { cpu: 70, memory: 10, io: 18 },
    });
  },
);

t.test('a burst during the calibration does not move the median', async (t) => {
  const soak = new Soak().set({ cpu: 10 }).run(15).set({ cpu: 100 }).run(5).set({ cpu: 10 });
  const { cpu } = soak.until('CALIBRATED').baseline as { cpu: number };
  t.ok(cpu < 60, `baseline ${cpu}`);
});

t.test('no effective limit is above 95', async (t) => {
  t.match(new Soak().set({ cpu: 90 }).until('CALIBRATED'), { effective_limit: { cpu: 95 } });
  t.match(new Soak({}, { calibrate_s: 0, cpu_limit: 100 }).of('STARTUP'), [{ limits: { cpu: 95 } }]);
});

t.test('a running unit is stopped for it, measured without, and started', async (t) => {
  const soak = new Soak({ calibrate: 'before' });
  t.same(soak.said(), ['STARTUP: manager system: a test', 'ENGINE_STOP: to measure the host without it']);
  soak.set({ unit: { active_state: 'inactive' }, cpu: 30 }).run(40);
  t.match(soak.of('CALIBRATED'), [{ reason: 'measured without the engine', baseline: { cpu: 30 } }]);
  t.same(
    soak.effects.slice(0, 2).map(({ kind }) => kind),
    ['stop', 'start'],
  );
  t.match(soak.of('ENGINE_RESTARTED'), [{ reason: 'started', effect: 'start', ok: true }]);
});

t.test('what the engine did before its stop is not part of the baseline', async (t) => {
  const soak = new Soak({ calibrate: 'before' }).set({ cpu: 100 }).run(5);
  soak.set({ unit: { active_state: 'inactive' }, cpu: 20 });
  t.match(soak.until('CALIBRATED'), { baseline: { cpu: 20 } });
});

t.test('it takes at most a tenth of the soak, and 0 turns it off', async (t) => {
  t.equal(new Soak({ duration_s: 100 }).until('CALIBRATED').at, 10);
  t.same(new Soak({}, { calibrate_s: 0 }).run(60).of('CALIBRATED'), []);
});

t.test('a resource that cannot be read has no baseline and the fixed limit, and the record says so', async (t) => {
  const calibrated = new Soak().set({ blind: ['io'], cpu: 40 }).until('CALIBRATED');
  t.match(calibrated, { baseline: { io: null }, effective_limit: { io: 15, cpu: 55 }, unavailable: /no baseline/ });
});

t.test('classic, and psi_actions off, know no baseline', async (t) => {
  t.same(new Soak({ policy: 'classic' }).run(60).of('CALIBRATED'), []);
  t.same(new Soak({ psi_actions: 'off' }).run(60).of('CALIBRATED'), []);
});
