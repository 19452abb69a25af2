import type { EffectOutcome } from '@hybrid-soak/contract/sample.ts';
import { finish, restore } from './ending/ending.ts';
import { judgeSoak } from './ending/judge.ts';
import { summary } from './ending/summary.ts';
import { toRunning } from './phases.ts';
import { type Draft, record } from './records.ts';
import type { State } from './state.ts';
import { adoptUnit, grantGrace, ownStop } from './unit.ts';

/** An effect whose outcome has not come by then, ms, is given up: every call in the shell is bounded well below it. */
const LOST_AFTER_MS = 300_000;
/** How often the first start, or the restoring, is tried. */
const MAX_ATTEMPTS = 3;

/** The outcomes of this observation, and a verdict on an effect that never came back. Null if there are none. */
export function takeOutcomes(draft: Draft): string | null {
  const { state, observation } = draft;
  const { effects, clock } = state;
  let reason: string | null = null;
  for (const outcome of observation.outcomes)
    if (outcome.effect_id === effects.pending?.id) reason = takeOutcome(draft, outcome);
  if (effects.pending === null || clock.now - effects.pendingSince < LOST_AFTER_MS) return reason;
  return takeOutcome(draft, {
    effect_id: effects.pending.id,
    kind: effects.pending.kind,
    ok: false,
    took_ms: clock.now - effects.pendingSince,
    error: `no outcome within ${LOST_AFTER_MS / 1000} s`,
    invocation_id: null,
    unit_pid: null,
  });
}

/** What every record of an outcome has. */
type Numbers = Pick<EffectOutcome, 'effect_id' | 'ok' | 'took_ms' | 'invocation_id' | 'unit_pid'> & {
  effect: EffectOutcome['kind'];
};

/** The outcome of an effect: what was verified goes into the log, and the next phase begins. */
function takeOutcome(draft: Draft, outcome: EffectOutcome): string {
  const { state } = draft;
  state.effects.pending = null;
  const { kind, effect_id, ok, took_ms, invocation_id, unit_pid } = outcome;
  const numbers: Numbers = { effect: kind, effect_id, ok, took_ms, invocation_id, unit_pid };
  let reason: string;
  switch (kind) {
    case 'start':
    case 'restart':
    case 'set-rung':
      reason = restarted(draft, outcome, numbers);
      break;
    // Earlier versions stopped the engine to measure the host without it.
    case 'stop':
      reason = record(draft, { action: 'ENGINE_STOP', reason: 'stopped', ...numbers, ...errorOf(outcome) });
      break;
    case 'restore':
      return conclude(draft, outcome, numbers);
    default:
      return kind satisfies never;
  }
  // An ending that this very outcome brought has begun the restoring already.
  if (state.ending !== null && state.effects.pending === null) restore(draft, `restoring: ${state.ending.reason}`);
  return reason;
}

const errorOf = ({ ok, error }: EffectOutcome) => (ok ? {} : { error: error ?? 'failed' });

const DONE = { start: 'started', restart: 'restarted', 'set-rung': 'rung in force' };

function restarted(draft: Draft, outcome: EffectOutcome, numbers: Numbers): string {
  const { state, observation } = draft;
  const kind = outcome.kind as keyof typeof DONE;
  if (kind === 'set-rung') settleRung(draft, outcome.ok);
  const error = outcome.error ?? 'failed';
  let reason = record(
    draft,
    outcome.ok
      ? { action: 'ENGINE_RESTARTED', reason: DONE[kind], ...numbers }
      : { action: 'ENGINE_RESTART_FAILED', reason: `${kind} failed: ${error}`, ...numbers, error },
  );
  if (kind !== 'set-rung' || state.options.apply === 'restart') grantGrace(state);
  if (!outcome.ok) ownStop(state, observation.unit);
  adoptUnit(state, observation.unit);
  if (outcome.ok && outcome.invocation_id !== null) state.unit.invocation = outcome.invocation_id;
  if (outcome.ok) state.unit.awaySince = null;
  if (state.phase !== 'starting' || state.ending !== null) return reason;
  if (outcome.ok) toRunning(draft);
  else if (state.effects.attempts >= MAX_ATTEMPTS) {
    const why = `the engine did not start: ${error}`;
    reason = finish(draft, { action: 'ABORT', cause: 'start' }, { verdict: 'FAIL', reason: why, exit_code: 20 });
  }
  return reason;
}

/** A rung change that failed is taken back, unless the file says that it was written: the next start will use it. */
function settleRung({ state: { ladder, totals }, observation: { config } }: Draft, ok: boolean): void {
  totals.rungFailed = ok ? null : ladder.rung;
  const written = config.available && config.value.sample_every === ladder.sampleEvery;
  if (!ok && !written && ladder.before !== null) {
    ladder.rung = ladder.before.rung;
    ladder.sampleEvery = ladder.before.sampleEvery;
    ladder.wouldBe = ladder.rung;
    ladder.measuring = null;
  }
  ladder.before = null;
}

function conclude(draft: Draft, outcome: EffectOutcome, numbers: Numbers): string {
  const { state } = draft;
  const before = state.ending ?? { verdict: 'FAIL' as const, reason: 'ended', exit_code: 20 };
  const error = outcome.error ?? 'failed';
  if (!outcome.ok && state.effects.attempts < MAX_ATTEMPTS) {
    record(draft, { action: 'RESTORED', reason: `not yet: ${error}`, ...numbers, ...errorOf(outcome) });
    return restore(draft, 'restoring again');
  }
  if (outcome.ok) asFound(state);
  const failure = `not restored: ${error}; \`soak restore\` does it`;
  const said = outcome.ok ? 'config and unit are as they were found' : failure;
  record(draft, { action: 'RESTORED', reason: said, ...numbers, ...errorOf(outcome) });
  const judged = judgeSoak(state, before);
  const lowered =
    !outcome.ok && judged.verdict !== 'FAIL' && judged.verdict !== 'CONFIG_ERROR' && judged.exit_code < 128;
  const ending = lowered ? { verdict: 'FAIL' as const, reason: failure, exit_code: 20 } : judged;
  state.ending = ending;
  state.phase = 'done';
  return record(draft, {
    action: 'SUMMARY',
    reason: `${ending.verdict}: ${ending.reason}`,
    ...summary(state, ending),
  });
}

function asFound({ ladder, options }: State): void {
  ladder.sampleEvery = options.original_sample_every ?? 1;
  ladder.rung = ladder.steps.find((step) => step.sample_every === ladder.sampleEvery)?.rung ?? 'NORMAL';
}
