import { finish } from '../ending/ending.ts';
import { engineCpuPercent } from '../look/pressure.ts';
import { mapResources } from '../per-resource.ts';
import { type Draft, hold, record } from '../records.ts';
import { busy } from '../unit.ts';
import { adaptive } from './adaptive.ts';
import { spendRestart } from './budget.ts';
import { classic } from './classic.ts';
import type { Judged, Move } from './move.ts';
import { type LadderStep, rungAbove } from './rungs.ts';

const POLICIES = { adaptive, classic };
type Change = Extract<Move, { to: 'up' | 'down' }>;

/** One look at the pressure: a rung up, a rung down, a hold with its reason, or the end. */
export function watchPressure(draft: Draft): string | null {
  const { options, ladder } = draft.state;
  if (options.psi_actions === 'off') return null;
  if (ladder.overload) return climbForOverload(draft);
  const move = POLICIES[options.policy](draft);
  if ('note' in move && move.note !== null) record(draft, { action: 'THROTTLE_MAX', ...move.note });
  switch (move.to) {
    case 'up':
    case 'down':
      return moveTo(draft, move);
    case 'end':
      return giveUp(draft, move.reason, move.extra);
    case 'hold':
      return hold(draft, move.reason, move.extra);
    case 'stay':
      return move.reason;
    default:
      return move satisfies never;
  }
}

/** An engine that says itself that it cannot keep up (exit code 13) goes one rung up as soon as that can be done. */
function climbForOverload(draft: Draft): string {
  const { ladder } = draft.state;
  if (rungAbove(ladder.steps, ladder.wouldBe) !== null)
    return moveTo(draft, { to: 'up', reason: 'engine exit code 13', extra: { exit_code: 13 } });
  ladder.overload = false;
  return record(draft, { action: 'THROTTLE_MAX', reason: 'engine exit code 13 at the last rung', exit_code: 13 });
}

function moveTo(draft: Draft, move: Change): string {
  const { state } = draft;
  const { ladder, options } = state;
  const under = busy(state);
  if (under !== null) return hold(draft, under, move.extra);
  const at = ladder.steps.findIndex((step) => step.rung === ladder.wouldBe);
  const next = ladder.steps[at + (move.to === 'up' ? 1 : -1)];
  if (next === undefined) return 'ok';
  const would = options.psi_actions === 'logonly';
  const costs = would || options.apply === 'restart';
  if (costs && !spendRestart(state, would)) return hold(draft, 'budget', move.extra);
  remember(draft, move);
  const reason = would
    ? record(draft, {
        action: 'PSI_LOGONLY',
        reason: move.reason,
        ...move.extra,
        would_be: next.rung,
        would_be_sample_every: next.sample_every,
      })
    : change(draft, next, move);
  ladder.wouldBe = next.rung;
  return reason;
}

/** What the next judgements need to know of this change. Every spell begins again. */
function remember({ state, look }: Draft, move: Change): void {
  const { ladder, pressure, clock, log } = state;
  const p = state.options.parameters;
  if (move.to === 'up') {
    ladder.quietMark = null;
    const resource = look.over[0] ?? 'cpu';
    ladder.effectBefore = { engineCpu: engineCpuPercent(state), resource, pressure: look.pressure[resource] };
    if (ladder.lastRecovery !== null && clock.now - ladder.lastRecovery <= p.flap_window_s * 1000)
      ladder.recoverHoldMs = Math.max(
        ladder.recoverHoldMs,
        Math.min(ladder.recoverHoldMs * 2, p.max_recover_hold_s * 1000),
      );
  } else {
    ladder.effectBefore = null;
    ladder.lastRecovery = clock.now;
    ladder.quietMark = clock.now;
  }
  ladder.effective = null;
  ladder.lastChange = clock.now;
  ladder.atTopSince = null;
  ladder.overload = false;
  pressure.overSince = mapResources(() => null);
  pressure.calmSince = null;
  log.lastHold = null;
}

function change(draft: Draft, next: LadderStep, move: Change): string {
  const { ladder, options } = draft.state;
  const { rung: from, sampleEvery: from_sample_every } = ladder;
  ladder.before = { rung: from, sampleEvery: from_sample_every };
  ladder.rung = next.rung;
  ladder.sampleEvery = next.sample_every;
  return record(
    draft,
    { action: 'ENGINE_RESTART', reason: move.reason, ...move.extra, from, from_sample_every },
    { kind: 'set-rung', sample_every: next.sample_every, apply: options.apply },
  );
}

function giveUp(draft: Draft, reason: string, extra: Judged): string {
  const { options, log } = draft.state;
  if (options.psi_actions !== 'logonly')
    return finish(draft, { action: 'ABORT', ...extra }, { verdict: 'FAIL', reason, exit_code: 20 });
  const isNew = log.lastHold !== 'would abort';
  log.lastHold = 'would abort';
  const said = `would abort: ${reason}`;
  return isNew ? record(draft, { action: 'PSI_LOGONLY', reason: said, ...extra, would_abort: true }) : `hold: ${said}`;
}
