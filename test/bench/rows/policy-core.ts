import type { EffectOutcome, Observation } from '@hybrid-soak/contract/sample.ts';
import { begin, step } from '@hybrid-soak/supervisor/core/step.ts';
import { done, observation, options } from '../observations.ts';
import { alternate, median } from '../ratio.ts';
import type { Row } from '../row.ts';

const INTERVAL_S = 5;
const SOAK_STEPS = (2 * 3600) / INTERVAL_S;

/** The policy alone, over two hours of a host whose pressure comes and goes. */
export const policyCore: Row = {
  name: 'policy-core',
  what: 'policy: one step against parsing its line of the samples (JSON.parse)',
  unit: 'x parsing',
  target: { most: 0.5 },
  async measure({ quick }) {
    const observations = Array.from({ length: SOAK_STEPS }, (_, n) => observation(n * INTERVAL_S));
    const lines = observations.map((seen) => JSON.stringify(seen));
    const soaks = quick ? 100 : 400;
    const turns = await alternate(
      soaks,
      () => timed(() => parseAll(lines)),
      () => timed(() => judgeAll(observations)),
    );
    const warm = turns.slice(soaks / 4);
    const us = (of: 'yardstick' | 'real') => ((1000 * median(warm.map((turn) => turn[of]))) / SOAK_STEPS).toFixed(2);
    return {
      figures: warm.map(({ yardstick, real }) => real / yardstick),
      seen: `parsing ${us('yardstick')} us, a step ${us('real')} us`,
    };
  },
};

function timed(run: () => void): number {
  const started = performance.now();
  run();
  return performance.now() - started;
}

function parseAll(lines: readonly string[]): void {
  for (const line of lines) JSON.parse(line);
}

function judgeAll(observations: readonly Observation[]): void {
  let state = begin(options(INTERVAL_S));
  let outcomes: EffectOutcome[] = [];
  for (const seen of observations) {
    const next = step(state, { ...seen, outcomes });
    state = next.state;
    outcomes = next.decisions.flatMap(({ effect }) => (effect === null ? [] : [done(effect)]));
  }
}
