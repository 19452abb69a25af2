import type { EffectOutcome } from '@hybrid-soak/contract/sample.ts';
import { type Draft, decide, finish, restore } from './draft.ts';
import { toRunning } from './phases.ts';
import { judge, summary } from './summary.ts';
import { adoptUnit, grantGrace } from './unit.ts';

/** An effect whose outcome has not come by then, ms, is given up: every call in the shell is bounded well below it. */
const LOST_AFTER_MS = 300_000;
/** How often the first start, or the putting back, is tried. */
const MAX_ATTEMPTS = 3;

/** The outcomes of this observation, and a verdict on an effect that never came back. */
export function takeOutcomes(draft: Draft): void {
  const { state, observation } = draft;
  for (const outcome of observation.outcomes) if (outcome.effect_id === state.pending?.id) takeOutcome(draft, outcome);
  if (state.pending === null || state.now - state.pendingSince < LOST_AFTER_MS) return;
  const error = `no outcome within ${LOST_AFTER_MS / 1000} s`;
  const { id, kind } = state.pending;
  takeOutcome(draft, {
    effect_id: id,
    kind,
    ok: false,
    took_ms: state.now - state.pendingSince,
    error,
    invocation_id: null,
    unit_pid: null,
  });
}

/** The outcome of an effect: what was verified goes into the log, and the next phase begins. */
function takeOutcome(draft: Draft, outcome: EffectOutcome): void {
  const { state } = draft;
  state.pending = null;
  const numbers = {
    effect: outcome.kind,
    effect_id: outcome.effect_id,
    ok: outcome.ok,
    took_ms: outcome.took_ms,
    invocation_id: outcome.invocation_id,
    unit_pid: outcome.unit_pid,
    ...(outcome.ok ? {} : { error: outcome.error ?? 'failed' }),
  };
  switch (outcome.kind) {
    case 'start':
    case 'restart':
    case 'set-rung':
      restarted(draft, outcome, numbers);
      break;
    case 'stop':
      decide(
        draft,
        'ENGINE_STOP',
        outcome.ok ? 'stopped' : `not stopped: ${outcome.error}; measured beside it`,
        numbers,
      );
      state.phase = 'calibrating';
      state.phaseSince = state.now;
      adoptUnit(draft);
      break;
    case 'restore':
      conclude(draft, outcome, numbers);
      return;
    default:
      outcome.kind satisfies never;
  }
  // An ending that this very outcome brought has begun the restoring already.
  if (state.ending !== null && state.pending === null) restore(draft, `putting back: ${state.ending.reason}`);
}

const DONE = { start: 'started', restart: 'restarted', 'set-rung': 'rung in force' };

function restarted(draft: Draft, outcome: EffectOutcome, numbers: Record<string, unknown>): void {
  const { state } = draft;
  const kind = outcome.kind as keyof typeof DONE;
  if (kind === 'set-rung') settleRung(draft, outcome.ok);
  const reason = outcome.ok ? DONE[kind] : `${kind} failed: ${outcome.error ?? 'unknown'}`;
  decide(draft, outcome.ok ? 'ENGINE_RESTARTED' : 'ENGINE_RESTART_FAILED', reason, numbers);
  if (kind !== 'set-rung' || state.options.apply === 'restart') grantGrace(state);
  adoptUnit(draft);
  if (outcome.invocation_id !== null) state.invocation = outcome.invocation_id;
  if (state.phase !== 'starting' || state.ending !== null) return;
  if (outcome.ok) toRunning(draft);
  else if (state.attempts >= MAX_ATTEMPTS) {
    const why = `the engine did not start: ${outcome.error ?? 'unknown'}`;
    finish(draft, 'ABORT', { verdict: 'FAIL', reason: why, exit_code: 20 });
  }
}

/** A rung change that failed is taken back, unless the file says that it was written: the next start will use it. */
function settleRung({ state, observation }: Draft, ok: boolean): void {
  const written = observation.config.available && observation.config.value.sample_every === state.sampleEvery;
  if (!ok && !written && state.beforeRung !== null) {
    state.rung = state.beforeRung.rung;
    state.sampleEvery = state.beforeRung.sampleEvery;
    state.wouldBe = state.rung;
  }
  state.beforeRung = null;
}

function conclude(draft: Draft, outcome: EffectOutcome, numbers: Record<string, unknown>): void {
  const { state } = draft;
  const before = state.ending ?? { verdict: 'FAIL' as const, reason: 'ended', exit_code: 20 };
  if (!outcome.ok && state.attempts < MAX_ATTEMPTS) {
    decide(draft, 'RESTORED', `not yet: ${outcome.error ?? 'failed'}`, numbers);
    restore(draft, 'putting back once more');
    return;
  }
  if (outcome.ok) {
    state.sampleEvery = state.options.original_sample_every ?? 1;
    state.rung = state.ladder.find((step) => step.sample_every === state.sampleEvery)?.rung ?? 'NORMAL';
  }
  const failure = `not restored: ${outcome.error ?? 'failed'}; \`soak restore\` puts it back`;
  decide(draft, 'RESTORED', outcome.ok ? 'config and unit are as they were found' : failure, numbers);
  const judged = judge(state, before);
  const lowered = !outcome.ok && judged.verdict !== 'INTERRUPTED' && judged.verdict !== 'FAIL';
  state.ending = lowered ? { verdict: 'FAIL', reason: failure, exit_code: 20 } : judged;
  decide(draft, 'SUMMARY', `${state.ending.verdict}: ${state.ending.reason}`, summary(state, state.ending));
  state.phase = 'done';
}
