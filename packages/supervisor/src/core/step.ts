import type { Rung } from '@hybrid-soak/contract/ladder.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import { account } from './account.ts';
import { restartsUsed } from './budget.ts';
import type { Decision, Ending } from './decision.ts';
import { busy, type Draft, decide, finish } from './draft.ts';
import { watchPressure } from './ladder.ts';
import { takeOutcomes } from './outcome.ts';
import { calibrate, start, startUp, toRunning } from './phases.ts';
import { effectiveLimits, mapResources, pressures, senseInto } from './pressure.ts';
import { trackSpells } from './spells.ts';
import { stalledFor, trackProgress, watchStall } from './stall.ts';
import type { PerResource, Phase, State } from './state.ts';
import { trackUnit, watchUnit } from './unit.ts';

export { begin } from './state.ts';

/** Why an observation led to what it led to, with the numbers; for the terminal and for people. */
export interface Verdict {
  phase: Phase;
  rung: Rung;
  sample_every: number;
  reason: string;
  /** Percent of wall time in which tasks waited; null where unknown. */
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
  decisions: Decision[];
  verdict: Verdict;
  /** Not null once everything is put back: the soak is over. */
  ending: Ending | null;
}

/**
 * What was seen to what is done: a stall outranks a rung change, an operator's abort outranks both. Pure: no clock, no
 * I/O; the same state and observation give the same step. `before` is left as it was.
 */
export function step(before: State, observation: Observation): Step {
  const state = { ...before };
  const elapsed = tellTime(state, observation.mono_ms);
  senseInto(state, observation);
  const draft: Draft = { state, observation, pressure: pressures(state, observation), decisions: [], verdict: 'ok' };
  trackUnit(draft);
  trackProgress(draft);
  if (state.phase === 'begin') startUp(draft);
  else if (state.phase === 'running') account(draft, elapsed);
  takeOutcomes(draft);
  if (state.ending === null) obey(draft);
  if (state.ending === null) advance(draft);
  else if (draft.decisions.length === 0) draft.verdict = state.phase === 'done' ? 'done' : 'putting back';
  return {
    state,
    decisions: draft.decisions,
    verdict: {
      phase: state.phase,
      rung: state.rung,
      sample_every: state.sampleEvery,
      reason: draft.verdict,
      pressure: draft.pressure,
      effective_limit: effectiveLimits(state),
      baseline: state.baseline,
      stalled_s: state.phase === 'running' ? stalledFor(draft) / 1000 : 0,
      restarts_used: restartsUsed(state),
    },
    ending: state.phase === 'done' ? state.ending : null,
  };
}

/** Milliseconds since the observation before. Time that seems to go back stands still. */
function tellTime(state: State, mono: number): number {
  const elapsed = state.lastSeen === null ? 0 : Math.max(0, mono - state.lastSeen);
  state.now = state.lastSeen === null ? mono : state.now + elapsed;
  state.lastSeen = mono;
  return elapsed;
}

/** What an operator asks for comes first. */
function obey(draft: Draft): void {
  const { abort, signal } = draft.observation.requests;
  if (abort !== null) {
    const reason = abort === '' ? 'ABORT file' : `ABORT file: ${abort.slice(0, 200)}`;
    finish(draft, 'ABORT', { verdict: 'FAIL', reason, exit_code: 20 });
  } else if (signal !== null)
    finish(draft, 'STOP', { verdict: 'INTERRUPTED', reason: signal, exit_code: signal === 'SIGINT' ? 130 : 143 });
}

function advance(draft: Draft): void {
  const { state } = draft;
  switch (state.phase) {
    case 'calibrating':
      calibrate(draft);
      return;
    case 'starting':
      awaitStart(draft);
      return;
    case 'running':
      run(draft);
      return;
    case 'begin':
    case 'stopping':
    case 'restoring':
    case 'done':
      if (draft.decisions.length === 0) draft.verdict = state.phase;
      return;
    default:
      state.phase satisfies never;
  }
}

/** A start that failed is tried again as soon as the unit is settled; exit code 12 ends the soak at once. */
function awaitStart(draft: Draft): void {
  watchUnit(draft);
  const { unit } = draft.observation;
  if (draft.decisions.length === 0) draft.verdict = 'starting';
  if (draft.state.ending !== null || busy(draft) !== null) return;
  if (unit.available && unit.value.active_state === 'active') toRunning(draft);
  else start(draft, 'once more');
}

function run(draft: Draft): void {
  const { state } = draft;
  noteBlindness(draft);
  trackSpells(draft);
  watchUnit(draft);
  if (state.ending !== null) return;
  if (state.now - state.startedAt >= state.options.duration_s * 1000) {
    finish(draft, 'COMPLETE', { verdict: 'PASS', reason: 'the soak ran its time', exit_code: 0 });
    return;
  }
  if (watchStall(draft)) return;
  const said = draft.verdict;
  if (state.pending !== null) draft.verdict = `hold: ${state.pending.kind} under way`;
  else watchPressure(draft);
  if (draft.verdict === 'ok') draft.verdict = said;
}

function noteBlindness(draft: Draft): void {
  const { state, observation } = draft;
  if (state.options.psi_actions === 'off') return;
  const now = mapResources((r) => {
    const psi = observation.psi[r];
    return psi.available ? null : psi.why;
  });
  for (const resource of RESOURCES) {
    if (now[resource] !== null && now[resource] !== state.unavailable[resource])
      decide(draft, 'PSI_UNAVAILABLE', `${resource}: ${now[resource]}`, { resource });
  }
  state.unavailable = now;
}
