import t from 'tap';
import { Soak } from './soak.ts';

const DOWN = { unit: { active_state: 'inactive' } };
const before = (...[options, parameters]: ConstructorParameters<typeof Soak>) =>
  new Soak({ was_running: false, ...options }, parameters, DOWN);

t.test('the baseline is the median pressure before the first start; it takes 10 s and decides nothing', async (t) => {
  const soak = before().set({ cpu: 55, memory: 2, io: 10 });
  t.match(soak.until('CALIBRATED'), { at: 10, calibrated_s: 10, baseline: { cpu: 55, memory: 2, io: 10 } });
  t.match(soak.set({ unit: {} }).run(5).of('ENGINE_RESTARTED'), [{ reason: 'started', effect: 'start', ok: true }]);
  t.same(soak.last?.verdict.limit, { cpu: 20, memory: 10, io: 15 });
});

t.test('nothing is stopped for it: an engine that runs goes on, without a baseline', async (t) => {
  const soak = new Soak().run(60);
  t.same(soak.said(), ['STARTUP: manager system: a test']);
  t.same(soak.effects, []);
  t.equal(soak.last?.verdict.baseline, null);
});

t.test('a burst during it does not move the median', async (t) => {
  const soak = before().set({ cpu: 10 }).run(6).set({ cpu: 100 }).run(2).set({ cpu: 10 });
  t.match(soak.until('CALIBRATED'), { baseline: { cpu: 10 } });
});

t.test('it takes at most a tenth of the soak, and 0 turns it off', async (t) => {
  t.equal(before({ duration_s: 60 }).until('CALIBRATED').at, 6);
  t.same(before({}, { calibrate_s: 0 }).run(60).of('CALIBRATED'), []);
});

t.test('a resource that cannot be read has no baseline', async (t) => {
  t.match(
    before()
      .set({ blind: ['io'], cpu: 40 })
      .until('CALIBRATED'),
    { baseline: { io: null, cpu: 40 } },
  );
});

t.test('classic, and psi_actions off, know no baseline', async (t) => {
  t.same(before({ policy: 'classic' }).run(60).of('CALIBRATED'), []);
  t.same(before({ psi_actions: 'off' }).run(60).of('CALIBRATED'), []);
});

t.test('time of the soak runs from the first start: calibration is reported apart', async (t) => {
  const soak = before({ duration_s: 100 }).run(11).set({ unit: {} });
  t.equal(soak.until('COMPLETE').at, 110);
  t.match(soak.run(5).records.at(-1), { duration_s: 100, calibrated_s: 10 });
});
