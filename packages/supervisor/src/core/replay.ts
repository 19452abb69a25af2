import type { Decision } from '@hybrid-soak/contract/decision.ts';
import type { EffectOutcome, Observation } from '@hybrid-soak/contract/sample.ts';
import type { Effect } from './effect.ts';
import { judgeUnfinished } from './ending/judge.ts';
import type { Ending } from './ending/totals.ts';
import type { SoakOptions } from './options.ts';
import type { PerResource } from './per-resource.ts';
import type { State } from './state.ts';
import { begin, step } from './step.ts';

/** What a policy made of a recording. */
export interface Replayed {
  decisions: Decision[];
  state: State;
  ending: Ending;
}

export interface Replayer {
  take(observation: Observation | null): void;
  end(): Replayed;
}

/**
 * Feeds recorded observations to `step`. `recorded`: the outcomes of effects are those of the recording, so that its own
 * policy decides again what it decided then. `assumed`: the policy asks for other effects than were done, and each
 * succeeds by the next observation. `baseline` stands in for a calibration that the recording tells the result of alone.
 */
export function replayer(
  options: SoakOptions,
  outcomes: 'recorded' | 'assumed',
  baseline: PerResource<number | null> | null = null,
): Replayer {
  let state = begin(options);
  state.pressure.baseline = baseline;
  let ending: Ending | null = null;
  let asked: Effect[] = [];
  let last: Observation | null = null;
  const decisions: Decision[] = [];
  const take = (observation: Observation | null) => {
    if (ending !== null || observation === null) return;
    const seen = outcomes === 'recorded' ? observation : { ...observation, outcomes: asked.map(success) };
    const next = step(state, seen);
    last = observation;
    asked = [];
    for (const { record, effect } of next.decisions) {
      decisions.push(record);
      if (effect !== null) asked.push(effect);
    }
    ({ state, ending } = next);
  };
  return {
    take,
    end() {
      // A soak that is over restores; nothing else is judged by a look that was judged already.
      while (outcomes === 'assumed' && ending === null && state.ending !== null && asked.length > 0 && last !== null)
        take(last);
      return { decisions, state, ending: ending ?? judgeUnfinished(state) };
    },
  };
}

const success = ({ id, kind }: Effect): EffectOutcome => ({
  effect_id: id,
  kind,
  ok: true,
  took_ms: 0,
  error: null,
  invocation_id: null,
  unit_pid: null,
});

/** A start or restart that the recorded supervisor made, monotonic milliseconds. */
export interface RecordedAct {
  from: number;
  to: number;
  kind: EffectOutcome['kind'];
  invocation_id: string | null;
}

export const actsOf = ({ mono_ms, outcomes }: Observation): RecordedAct[] =>
  outcomes.map(({ kind, took_ms, invocation_id }) => ({ from: mono_ms - took_ms, to: mono_ms, kind, invocation_id }));

/**
 * The unit as it would have been without what the recorded supervisor did to it: under another policy its restarts would
 * look like exits that nobody asked for. Exits of the engine's own stay. Null from the restoring on: the host was left
 * alone from there.
 */
export function withoutActs(acts: readonly RecordedAct[]): (observation: Observation) => Observation | null {
  const end = acts.find(({ kind }) => kind === 'restore')?.from ?? Number.POSITIVE_INFINITY;
  const started = acts.filter(({ kind }) => kind === 'start' || kind === 'restart' || kind === 'set-rung');
  const alias = new Map<string, string | null>();
  let before: string | null = null;
  let at = 0;
  return (observation) => {
    // Whole milliseconds are recorded of how long it took.
    if (observation.mono_ms > end + 1) return null;
    if (!observation.unit.available) return observation;
    while ((started[at]?.to ?? Number.POSITIVE_INFINITY) < observation.mono_ms) at++;
    const act = started[at];
    const within = act !== undefined && observation.mono_ms >= act.from;
    if (within && act.invocation_id !== null) alias.set(act.invocation_id, before);
    const unit = observation.unit.value;
    const own = unit.invocation_id !== null && alias.has(unit.invocation_id);
    if (!within && !own) {
      before = unit.invocation_id;
      return observation;
    }
    const running = within ? { active_state: 'active', sub_state: 'running' } : {};
    return { ...observation, unit: { available: true, value: { ...unit, ...running, invocation_id: before } } };
  };
}
