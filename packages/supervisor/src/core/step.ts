import type { Rung } from '@hybrid-soak/contract/ladder.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Observation, Parts } from '@hybrid-soak/contract/sample.ts';
import { advanceClock } from './clock.ts';
import { trackDrift } from './drift/track.ts';
import { nextLook } from './due.ts';
import { takeOutcomes } from './effects.ts';
import { account } from './ending/account.ts';
import { finish, obey, obeyThresholds } from './ending/ending.ts';
import { RAN_ITS_TIME } from './ending/judge.ts';
import type { Ending } from './ending/totals.ts';
import { restartsUsed } from './ladder/budget.ts';
import { trackLadder, watchPressure } from './ladder/watch-pressure.ts';
import { lookAt } from './look/look.ts';
import { trackSpells } from './look/spells.ts';
import { mapResources, type PerResource } from './per-resource.ts';
import { awaitStart, calibrate, startUp } from './phases.ts';
import { trackProgress } from './progress.ts';
import { type Decided, type Draft, record } from './records.ts';
import { watchStall, withoutRow } from './stall.ts';
import { trackStartUp } from './start-up.ts';
import { copyOf, type Phase, type State } from './state.ts';
import { trackUnit, watchUnit } from './unit.ts';

export { begin } from './state.ts';

/** Why an observation led to what it led to, with the numbers; for the terminal and for people. Figures are percent. */
export interface Verdict {
  phase: Phase;
  rung: Rung;
  sample_every: number;
  reason: string;
  /** Stall time of the host; null if unknown. */
  pressure: PerResource<number | null>;
  /** What the limits apply to: the host's stall that is the engine's doing. */
  parts: Parts;
  limit: PerResource<number>;
  baseline: PerResource<number | null> | null;
  /** Seconds without a new row. */
  stalled_s: number;
  /** Of the budget of the last hour. */
  restarts_used: number;
  /** When the next look is due at the latest, monotonic ms; the interval's grid stands besides. */
  look_at: number;
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
  const counts = state.ending === null && (state.phase === 'running' || state.phase === 'starting');
  const said = stages(draft, elapsed);
  if (counts) {
    account(draft, elapsed);
    trackDrift(state, observation);
  }
  const { phase, ladder, pressure } = state;
  return {
    state,
    decisions: draft.decisions,
    verdict: {
      phase,
      rung: ladder.rung,
      sample_every: ladder.sampleEvery,
      reason:
        said.ending ?? said.outcome ?? said.phase ?? said.exit ?? said.stall ?? said.underWay ?? said.pressure ?? 'ok',
      pressure: draft.look.pressure,
      parts: draft.look.parts,
      limit: draft.look.limits,
      baseline: pressure.baseline,
      stalled_s: withoutRow(state) / 1000,
      restarts_used: restartsUsed(state),
      look_at: observation.mono_ms + nextLook(draft),
    },
    ending: phase === 'done' ? state.ending : null,
  };
}

/** Every stage in its turn. What ends the soak stops those after it; a stall stops the pressure stage. */
function stages(draft: Draft, elapsed: number): Reasons {
  const { state } = draft;
  const begun = state.phase === 'begin' ? startUp(draft) : null;
  const outcome = takeOutcomes(draft);
  trackStartUp(draft);
  trackSpells(state, draft.look, elapsed);
  trackLadder(draft, elapsed);
  const asked = state.ending === null ? obey(draft) : null;
  if (state.ending !== null) return { ending: asked, outcome, phase: state.phase === 'done' ? 'done' : 'restoring' };
  switch (state.phase) {
    case 'calibrating': {
      const phase = calibrate(draft);
      return { outcome, phase: begun ?? phase };
    }
    case 'starting':
      return { outcome, phase: awaitStart(draft) };
    case 'running':
      return { outcome, ...run(draft, elapsed) };
    case 'begin':
    case 'restoring':
    case 'done':
      return { outcome, phase: state.phase };
    default:
      return state.phase satisfies never;
  }
}

function run(draft: Draft, elapsed: number): Reasons {
  const { state } = draft;
  const { clock, options, effects } = state;
  noteBlindness(draft);
  const exit = watchUnit(draft);
  if (state.ending !== null) return { ending: exit };
  if (clock.firstStart !== null && clock.now - clock.firstStart >= options.duration_s * 1000) {
    const ending = { verdict: 'PASS' as const, reason: RAN_ITS_TIME, exit_code: 0 };
    return { ending: finish(draft, { action: 'COMPLETE' }, ending) };
  }
  const missed = obeyThresholds(draft);
  if (missed !== null) return { ending: missed };
  const { reason: stall, stalled } = watchStall(draft, elapsed);
  const { pending } = effects;
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
