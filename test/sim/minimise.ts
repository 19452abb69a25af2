import type { step } from '@hybrid-soak/supervisor/core/step.ts';
import { drive, type Trace } from './drive.ts';
import { INVARIANTS } from './invariants.ts';
import type { Scenario } from './scenario.ts';

/** Faults that a run can do without, one at a time. */
const CALMER: ((scenario: Scenario) => Partial<Scenario>)[] = [
  () => ({ effectFails: 0 }),
  () => ({ effectSlow: 0 }),
  () => ({ effectLost: 0 }),
  () => ({ leak: 0 }),
  () => ({ quota: null }),
  () => ({ signalAt: null }),
  () => ({ abortAt: null }),
  () => ({ ambient: 'flat' }),
];

/** The same failure with as few faults as it takes: each is left out, and stays out where the invariant is still broken. */
export function minimise(first: Scenario, seed: number, invariant: string, policy?: typeof step): Trace {
  const fails = (scenario: Scenario) => {
    const trace = drive(scenario, seed, policy);
    return INVARIANTS[invariant]?.(trace) ? trace : null;
  };
  let scenario = first;
  let trace = drive(first, seed, policy);
  const attempt = (change: Partial<Scenario>) => {
    const calmer = { ...scenario, ...change };
    const failing = fails(calmer);
    if (failing === null) return;
    scenario = calmer;
    trace = failing;
  };
  for (const trouble of first.troubles) attempt({ troubles: scenario.troubles.filter((other) => other !== trouble) });
  for (const calmer of CALMER) attempt(calmer(scenario));
  return trace;
}
