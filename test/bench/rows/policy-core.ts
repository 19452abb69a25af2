import type { EffectOutcome } from '@hybrid-soak/contract/sample.ts';
import { begin, step } from '@hybrid-soak/supervisor/core/step.ts';
import { done, observation, options } from '../observations.ts';
import { median } from '../ratio.ts';
import type { Row } from '../row.ts';

const INTERVAL_S = 5;
const SOAK_STEPS = (2 * 3600) / INTERVAL_S;

/** The policy alone, over two hours of a host whose pressure comes and goes. */
export const policyCore: Row = {
  name: 'policy-core',
  what: 'policy core, steps a second in simulation',
  unit: 'steps/s',
  target: { least: 250_000 },
  async measure({ quick }) {
    const observations = Array.from({ length: SOAK_STEPS }, (_, n) => observation(n * INTERVAL_S));
    const soaks = quick ? 100 : 400;
    const figures: number[] = [];
    for (let turn = 0; turn < soaks; turn++) {
      const started = performance.now();
      let state = begin(options(INTERVAL_S));
      let outcomes: EffectOutcome[] = [];
      for (const seen of observations) {
        const next = step(state, { ...seen, outcomes });
        state = next.state;
        outcomes = next.decisions.flatMap(({ effect }) => (effect === null ? [] : [done(effect)]));
      }
      figures.push((SOAK_STEPS * 1000) / (performance.now() - started));
    }
    const warm = figures.slice(soaks / 4);
    return { figures: warm, seen: `a 2 h soak in ${((SOAK_STEPS * 1000) / median(warm)).toFixed(1)} ms` };
  },
};
