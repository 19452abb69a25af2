import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { drawn } from './picture.ts';
import { noiseOf } from './runs.ts';
import { POWERS, study } from './study.ts';

/**
 * `npm run study -- [--runs N] [--seed N] [--hours H] [--noise FILE] [--cold] [--picture FILE]`: what the judgement of drift is
 * worth. With `--cold` each life begins with the recording's own first half hour.
 */
const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '2000' },
    seed: { type: 'string', default: '1' },
    picture: { type: 'string' },
    noise: { type: 'string' },
    hours: { type: 'string', default: '2' },
    cold: { type: 'boolean', default: false },
  },
});
const noise = noiseOf(values.noise ?? new URL('../../fixtures/drift-noise.json', import.meta.url), values.cold);
const [runs, seed] = [Number(values.runs), Number(values.seed)];
const found = study(noise, runs, seed, { curves: values.picture !== undefined, hours: Number(values.hours) });
const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
process.stdout.write(
  [
    `${runs} runs of ${values.hours} h, seed ${seed}, threshold 0.5 MiB/h`,
    `false alarms, all signals of a run together: ${percent(found.falseAlarms)} (at most 1 %)`,
    `1 MiB/h found: ${percent(found.power)} (at least 95 %)`,
    `the interval holds the true slope: heap ${percent(found.coverage.heap)}, private memory ${percent(found.coverage.private_memory)} (at least 93 %)`,
    '',
  ].join('\n'),
);
if (values.picture !== undefined) writeFileSync(values.picture, drawn(found.curves, POWERS));
const held = found.falseAlarms <= 0.01 && found.power >= 0.95 && Math.min(...Object.values(found.coverage)) >= 0.93;
process.exitCode = held ? 0 : 1;
