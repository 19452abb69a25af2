import type { Rung } from '@hybrid-soak/contract/ladder.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import { advanceClock } from './clock.ts';
import { takeOutcomes } from './effects.ts';
import { account } from './ending/account.ts';
import { finish, obey } from './ending/ending.ts';
import type { Ending } from './ending/totals.ts';
import { restartsUsed } from './ladder/budget.ts';
import { watchPressure } from './ladder/watch-pressure.ts';
import { lookAt } from './look/pressure.ts';
import { trackSpells } from './look/spells.ts';
import { mapResources, type PerResource } from './per-resource.ts';
import { awaitStart, calibrate, startUp } from './phases.ts';
import { type Decided, type Draft, record } from './records.ts';
import { stalledFor, trackProgress, watchStall } from './stall.ts';
import { copyOf, type Phase, type State } from './state.ts';
import { trackUnit, watchUnit } from './unit.ts';

export { begin } from './state.ts';

/** Why an observation led to what it led to, with the numbers; for the terminal and for people. */
export interface Verdict {
  phase: Phase;
  rung: Rung;
  sample_every: number;
  reason: string;
  /** Percent of wall time in which tasks waited; null if unknown. */
  pressure: PerResource<number | null>;
  effective_limit: PerResource<number>;
  baseline: PerResource<number | null> | null;
  /** Seconds without a new row. */
  stalled_s: number;
  /** Of the budget of the last hour. */
  restarts_used: number;
}

export interface Step {
  state: State;
  decisions: Decided[];
  verdict: Verdict;
  /** Not null once everything is restored: the soak is over. */
  ending: Ending | null;
}

/** What each stage said; null if it had nothing to say. */
type Reasons = Partial<
  Record<'ending' | 'outcome' | 'phase' | 'exit' | 'stall' | 'underWay' | 'pressure', string | null>
>;

/**
 * What was seen to what is done: a stall outranks a rung change, an operator's abort outranks both. Pure: no clock, no
 * I/O; the same state and observation give the same step. `before` is left as it was.
 */
export function step(before: State, observation: Observation): Step {
  const state = copyOf(before);
  const elapsed = advanceClock(state.clock, observation.mono_ms);
  const draft: Draft = { state, observation, look: lookAt(state, observation), decisions: [] };
  trackUnit(state, observation.unit);
  trackProgress(draft);
  const said = stages(draft, elapsed);
  return {
    state,
    decisions: draft.decisions,
    verdict: {
      phase: state.phase,
      rung: state.ladder.rung,
      sample_every: state.ladder.sampleEvery,
      reason:
        said.ending ?? said.outcome ?? said.phase ?? said.exit ?? said.stall ?? said.underWay ?? said.pressure ?? 'ok',
      pressure: draft.look.pressure,
      effective_limit: draft.look.limits,
      baseline: state.pressure.baseline,
      stalled_s: stalledFor(state) / 1000,
      restarts_used: restartsUsed(state),
    },
    ending: state.phase === 'done' ? state.ending : null,
  };
}

/** Every stage in its turn. What ends the soak stops those after it; a stall stops the pressure stage. */
function stages(draft: Draft, elapsed: number): Reasons {
  const { state } = draft;
  let phase: string | null = null;
  if (state.phase === 'begin') phase = startUp(draft);
  else if (state.phase === 'running') account(draft, elapsed);
  const outcome = takeOutcomes(draft);
  const asked = state.ending === null ? obey(draft) : null;
  if (state.ending !== null) return { ending: asked, outcome, phase: state.phase === 'done' ? 'done' : 'restoring' };
  switch (state.phase) {
    case 'calibrating':
      return { outcome, phase: calibrate(draft) };
    case 'starting':
      return { outcome, phase: awaitStart(draft) };
    case 'running':
      return { outcome, phase, ...run(draft) };
    case 'begin':
    case 'stopping':
    case 'restoring':
    case 'done':
      return { outcome, phase: phase ?? state.phase };
    default:
      return state.phase satisfies never;
  }
}

function run(draft: Draft): Reasons {
  const { state, look } = draft;
  noteBlindness(draft);
  trackSpells(state, look);
  const exit = watchUnit(draft);
  if (state.ending !== null) return { ending: exit };
  if (state.clock.now - state.clock.startedAt >= state.options.duration_s * 1000) {
    const ending = { verdict: 'PASS' as const, reason: 'the soak ran its time', exit_code: 0 };
    return { ending: finish(draft, { action: 'COMPLETE' }, ending) };
  }
  const { reason: stall, stalled } = watchStall(draft);
  const { pending } = state.effects;
  if (pending !== null) return { exit, stall, underWay: `hold: ${pending.kind} under way` };
  return { exit, stall, pressure: stalled ? null : watchPressure(draft) };
}

function noteBlindness(draft: Draft): void {
  const { state, observation } = draft;
  if (state.options.psi_actions === 'off') return;
  const before = state.pressure.unavailable;
  const now = mapResources((r) => {
    const psi = observation.psi[r];
    return psi.available ? null : psi.why;
  });
  for (const resource of RESOURCES) {
    const why = now[resource];
    if (why !== null && why !== before[resource])
      record(draft, { action: 'PSI_UNAVAILABLE', reason: `${resource}: ${why}`, resource });
  }
  state.pressure.unavailable = now;
}
