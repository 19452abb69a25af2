import t from 'tap';
import { noiseOf } from './runs.ts';
import { study } from './study.ts';

t.test('so it is on noise that it was not made on: other rates, a WebSocket, a busy machine', async (t) => {
  for (const rate of [50, 1000]) {
    const noise = noiseOf(new URL(`../../fixtures/drift-noise-${rate}.json`, import.meta.url));
    const { falseAlarms, power } = study(noise, 50, 5);
    t.ok(falseAlarms <= 0.02 && power >= 0.88, `${rate}/s: ${falseAlarms} false alarms, found ${power}`);
  }
});

t.test('the judgement of drift: few false alarms, leaks found, intervals that hold (the short form)', async (t) => {
  const noise = noiseOf(new URL('../../fixtures/drift-noise.json', import.meta.url));
  const { falseAlarms, power, coverage } = study(noise, 150, 3);
  t.ok(falseAlarms <= 0.02, `${falseAlarms} false alarms`);
  t.ok(power >= 0.9, `1 MiB/h found in ${power}`);
  t.ok(coverage.heap >= 0.9 && coverage.private_memory >= 0.9, JSON.stringify(coverage));
  t.same(study(noise, 20, 5), study(noise, 20, 5), 'the same seed gives the same figures');
});
