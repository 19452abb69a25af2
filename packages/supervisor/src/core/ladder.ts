import { adaptive } from './adaptive.ts';
import { spendRestart } from './budget.ts';
import { classic } from './classic.ts';
import { busy, type Draft, decide, finish, hold } from './draft.ts';
import { effectiveLimits, engineCpuPercent, overLimit } from './pressure.ts';
import { type LadderStep, rungAbove } from './rungs.ts';
import type { Move } from './sight.ts';
import { perResource } from './state.ts';

const POLICIES = { adaptive, classic };

/** One look at the pressure: a rung up, a rung down, a hold with its reason, or the end. */
export function watchPressure(draft: Draft): void {
  const { state, pressure } = draft;
  if (state.options.psi_actions === 'off') return;
  if (state.overload) {
    climbForOverload(draft);
    return;
  }
  const limits = effectiveLimits(state);
  const move = POLICIES[state.options.policy](draft, { pressure, limits, over: overLimit(pressure, limits) });
  switch (move.to) {
    case 'up':
    case 'down':
      moveTo(draft, move);
      return;
    case 'end':
      giveUp(draft, move.reason, move.extra);
      return;
    case 'hold':
      hold(draft, move.reason, move.extra);
      return;
    case 'stay':
      draft.verdict = move.reason;
      return;
    default:
      move satisfies never;
  }
}

/** An engine that says itself that it cannot keep up (exit code 13) goes one rung up as soon as that can be done. */
function climbForOverload(draft: Draft): void {
  const { state } = draft;
  if (rungAbove(state.ladder, state.wouldBe) === null) {
    state.overload = false;
    decide(draft, 'THROTTLE_MAX', 'engine exit code 13 at the last rung', { exit_code: 13 });
  } else moveTo(draft, { to: 'up', reason: 'engine exit code 13', extra: { exit_code: 13 } });
}

function moveTo(draft: Draft, move: Extract<Move, { to: 'up' | 'down' }>): void {
  const { state } = draft;
  const under = busy(draft);
  if (under !== null) {
    hold(draft, under, move.extra);
    return;
  }
  const at = state.ladder.findIndex((step) => step.rung === state.wouldBe);
  const next = state.ladder[at + (move.to === 'up' ? 1 : -1)];
  if (next === undefined) return;
  const would = state.options.psi_actions === 'logonly';
  const costs = would || state.options.apply === 'restart';
  if (costs && !spendRestart(draft, would)) {
    hold(draft, 'budget', move.extra);
    return;
  }
  remember(draft, move);
  if (would)
    decide(draft, 'PSI_LOGONLY', move.reason, {
      ...move.extra,
      would_be: next.rung,
      would_be_sample_every: next.sample_every,
    });
  else change(draft, next, move);
  state.wouldBe = next.rung;
}

/** What the next judgements need to know of this change. Everything that was building up begins anew. */
function remember(draft: Draft, move: Extract<Move, { to: 'up' | 'down' }>): void {
  const { state, pressure } = draft;
  const p = state.options.parameters;
  if (move.to === 'up') {
    state.quietMark = null;
    const resource = overLimit(pressure, effectiveLimits(state))[0] ?? 'cpu';
    state.effectBefore = { engineCpu: engineCpuPercent(state), resource, pressure: pressure[resource] };
    if (state.lastRecovery !== null && state.now - state.lastRecovery <= p.flap_window_s * 1000)
      state.recoverHoldMs = Math.max(
        state.recoverHoldMs,
        Math.min(state.recoverHoldMs * 2, p.max_recover_hold_s * 1000),
      );
  } else {
    state.effectBefore = null;
    state.lastRecovery = state.now;
    state.quietMark = state.now;
  }
  state.effective = null;
  state.lastRungChange = state.now;
  state.overSince = perResource(() => null);
  state.calmSince = null;
  state.atTopSince = null;
  state.overInARow = 0;
  state.overload = false;
  state.lastHold = null;
}

function change(draft: Draft, next: LadderStep, move: Extract<Move, { to: 'up' | 'down' }>): void {
  const { state } = draft;
  state.beforeRung = { rung: state.rung, sampleEvery: state.sampleEvery };
  const from = { from: state.rung, from_sample_every: state.sampleEvery };
  state.rung = next.rung;
  state.sampleEvery = next.sample_every;
  const effect = { kind: 'set-rung' as const, sample_every: next.sample_every, apply: state.options.apply };
  decide(draft, 'ENGINE_RESTART', move.reason, { ...move.extra, ...from }, effect);
}

function giveUp(draft: Draft, reason: string, extra: Record<string, unknown>): void {
  if (draft.state.options.psi_actions !== 'logonly') {
    finish(draft, 'ABORT', { verdict: 'FAIL', reason, exit_code: 20 }, extra);
    return;
  }
  const isNew = draft.state.lastHold !== 'would abort';
  draft.state.lastHold = 'would abort';
  if (isNew) decide(draft, 'PSI_LOGONLY', `would abort: ${reason}`, { ...extra, would_abort: true });
}
