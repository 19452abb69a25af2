import { readdirSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

/** The decision log, relative to the working directory, if nothing else says where it is. */
export const DECISIONS = 'data/ops/soak_decisions.jsonl';
const STATE = 'soak_state.json';
const SAMPLES = 'soak_samples.jsonl';

/** Every path below `data/ops`, the folder that holds the decision log. All absolute. */
export interface OpsPaths {
  folder: string;
  decisions: string;
  /** Every observation of the last run. */
  samples: string;
  /** What an unfinished run still has to restore. */
  state: string;
  /** The last run in numbers. */
  summary: string;
  /** An operator's request to end the run. */
  abort: string;
  /** Output of an embedded engine. */
  engineLog: string;
  /** Evidence of `soak prove`. */
  proofs: string;
}

export function opsPaths(decisions: string = DECISIONS, samples?: string): OpsPaths {
  const folder = dirname(resolve(decisions));
  return {
    folder,
    decisions: resolve(decisions),
    samples: samples === undefined ? join(folder, SAMPLES) : resolve(samples),
    state: join(folder, STATE),
    summary: join(folder, 'summary.json'),
    abort: join(folder, 'ABORT'),
    engineLog: join(folder, 'engine.log'),
    proofs: join(folder, 'proofs'),
  };
}

/** Where the state of another unit's run is kept that could not be restored, so that it does not block this one. */
export const stateKeptAside = ({ folder }: OpsPaths, unit: string): string =>
  join(folder, `soak_state.${unit.replaceAll('/', '_')}.json`);

/** All such states. */
export function statesKeptAside({ folder }: OpsPaths): string[] {
  try {
    return readdirSync(folder)
      .filter((name) => /^soak_state\..+\.json$/.test(name))
      .map((name) => join(folder, name));
  } catch {
    return []; // No such folder: nothing was left in it.
  }
}
