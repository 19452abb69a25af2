import { drive, type Trace } from './drive.ts';
import { FLAT } from './model/wave.ts';
import type { Rule } from './rules/rule.ts';
import type { Scenario } from './scenario.ts';

/** What a run can do without, all of one kind at once. */
const CALMER: ((scenario: Scenario) => Partial<Scenario>)[] = [
  () => ({ effectFails: 0, effectSlow: 0, effectLost: 0 }),
  () => ({ delays: { every_ms: 0, late_ms: 0 } }),
  () => ({ jitter_ms: 0 }),
  () => ({ signalAt: null }),
  () => ({ abortAt: null }),
  ({ engine }) => ({ engine: { ...engine, wave: FLAT } }),
  ({ engine }) => ({ engine: { ...engine, quota: null } }),
  ({ neighbours }) => ({ neighbours: neighbours.map((neighbour) => ({ ...neighbour, wave: FLAT })) }),
  ({ neighbours }) => ({ neighbours: neighbours.map((neighbour) => ({ ...neighbour, quota: null })) }),
];

/** The same failure with as few faults as it takes: each is left out, and stays out if the rule is still broken. */
export function minimise(first: Scenario, seed: number, rule: Rule): Trace {
  let scenario = first;
  let trace = drive(first, seed);
  const attempt = (change: Partial<Scenario>) => {
    const calmer = { ...scenario, ...change };
    const next = drive(calmer, seed);
    if (rule(next) === null) return;
    scenario = calmer;
    trace = next;
  };
  for (const trouble of first.troubles) attempt({ troubles: scenario.troubles.filter((other) => other !== trouble) });
  for (const hog of first.hogs) attempt({ hogs: scenario.hogs.filter((other) => other !== hog) });
  for (const other of first.neighbours) attempt({ neighbours: scenario.neighbours.filter((one) => one !== other) });
  for (const calmer of CALMER) attempt(calmer(scenario));
  return trace;
}
