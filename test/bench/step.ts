import { type Observation, observationSchema } from '@hybrid-soak/contract/sample.ts';
import type { SoakOptions } from '@hybrid-soak/supervisor/core/options.ts';
import { begin, step } from '@hybrid-soak/supervisor/core/step.ts';
import { drive } from '../sim/drive.ts';
import { seeded } from '../sim/random.ts';
import { drawScenario } from '../sim/scenario.ts';

const RUNS = 200;
const ROUNDS = 5;

/** What a run saw, as its samples file would have it. */
function observed(seed: number): { options: SoakOptions; observations: Observation[] } {
  const scenario = drawScenario(seeded(seed), seed, 2);
  const observations: Observation[] = [];
  drive(scenario, seed, (state, observation) => {
    observations.push(observationSchema.parse(observation));
    return step(state, observation);
  });
  return { options: scenario.options, observations };
}

const runs = Array.from({ length: RUNS }, (_, i) => observed(i + 1));
const steps = runs.reduce((sum, { observations }) => sum + observations.length, 0);
let best = 0;
for (let round = 0; round < ROUNDS; round++) {
  const started = performance.now();
  for (const { options, observations } of runs) {
    let state = begin(options);
    for (const observation of observations) state = step(state, observation).state;
  }
  best = Math.max(best, steps / ((performance.now() - started) / 1000));
}
process.stdout.write(
  `step: ${Math.round(best).toLocaleString('en')}/s, best of ${ROUNDS} rounds over ${steps} observations\n`,
);
