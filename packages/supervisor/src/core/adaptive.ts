import { RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import { type Attribution, attribute } from './attribution.ts';
import { type Draft, decide } from './draft.ts';
import { engineCpuPercent } from './pressure.ts';
import { rungAbove, rungBelow } from './rungs.ts';
import { explain, type Move, type Sight } from './sight.ts';
import type { State } from './state.ts';

/** Up only for pressure that lasts, is the engine's own, and that a rung does help; down when all has been calm. */
export function adaptive(draft: Draft, sight: Sight): Move {
  judgeEffect(draft, sight);
  const move = judge(draft, sight);
  if (move.to !== 'down') easeHold(draft, sight);
  return move;
}

function judge(draft: Draft, sight: Sight): Move {
  const { state } = draft;
  const p = state.options.parameters;
  if (sight.over.length === 0) return settle(draft, sight);
  const lasting = sight.over.filter(
    (resource) => state.now - (state.overSince[resource] ?? state.now) >= p.sustain_s * 1000,
  );
  if (lasting.length === 0) return { to: 'stay', reason: 'hold: not sustained' };
  const attribution = attribute(state, draft.observation, lasting);
  noteWhose(draft, attribution);
  const extra = {
    ...explain(draft, sight),
    attribution: attribution.whose === 'unknown' ? "unavailable, counted as the engine's" : attribution.whose,
    engine_share: attribution.share === null ? null : Math.round(attribution.share * 1000) / 1000,
  };
  return escalate(draft, attribution, lasting, extra);
}

function escalate(draft: Draft, { whose }: Attribution, lasting: Resource[], extra: Record<string, unknown>): Move {
  const { state } = draft;
  const p = state.options.parameters;
  if (whose === 'ambient' || whose === 'quota' || whose === 'measuring') {
    state.atTopSince = null;
    // That the engine has just started is in the log already.
    return whose === 'measuring' ? { to: 'stay', reason: 'hold: measuring' } : { to: 'hold', reason: whose, extra };
  }
  if (rungAbove(state.ladder, state.wouldBe) === null) return atTop(draft, whose, extra);
  if (state.lastRungChange !== null && state.now - state.lastRungChange < p.cooldown_s * 1000)
    return { to: 'hold', reason: 'cooldown', extra };
  if (state.effective === false) return { to: 'hold', reason: 'ineffective', extra };
  if (awaitsEffect(state)) return { to: 'stay', reason: 'hold: measuring' };
  return { to: 'up', reason: `${lasting.join(', ')} over the limit for ${p.sustain_s} s`, extra };
}

/**
 * Where nothing tells whose the pressure is, only a rung that helped has shown it to be the engine's: without one the
 * soak goes on.
 */
function atTop(draft: Draft, whose: Attribution['whose'], extra: Record<string, unknown>): Move {
  const { state } = draft;
  const forS = state.options.parameters.abort_after_s;
  if (state.atTopSince === null) {
    state.atTopSince = state.now;
    decide(draft, 'THROTTLE_MAX', 'over the limit at the last rung', extra);
  }
  if (state.now - state.atTopSince < forS * 1000) return { to: 'stay', reason: `hold: at ${state.wouldBe}` };
  if (whose === 'unknown' && state.effective !== true) {
    const reason = state.effective === false ? 'ineffective' : 'attribution unavailable';
    return { to: 'hold', reason, extra };
  }
  return { to: 'end', reason: `the engine kept the host over the limit for ${forS} s at ${state.wouldBe}`, extra };
}

/** Nothing is over a limit: calm, or between calm and over. Blind is not calm: recovery needs every resource seen. */
function settle(draft: Draft, { pressure }: Sight): Move {
  const { state } = draft;
  const p = state.options.parameters;
  state.lastHold = null;
  if (state.calmSince === null) {
    return {
      to: 'stay',
      reason: RESOURCES.some((r) => pressure[r] === null) ? 'hold: pressure unknown' : 'ok: below the limit',
    };
  }
  if (rungBelow(state.ladder, state.wouldBe) === null) return { to: 'stay', reason: 'ok' };
  const calmMs = state.now - state.calmSince;
  const cooling = state.lastRungChange !== null && state.now - state.lastRungChange < p.cooldown_s * 1000;
  if (cooling || calmMs < state.recoverHoldMs) return { to: 'stay', reason: 'hold: calm, waiting to recover' };
  const extra = { held_for_s: Math.round(calmMs / 1000), recover_hold_s: state.recoverHoldMs / 1000 };
  return { to: 'down', reason: 'calm: one rung down', extra };
}

function noteWhose({ state }: Draft, { whose }: Attribution): void {
  if (whose === 'engine' || whose === 'ambient' || whose === 'quota') state.lastWhose = whose;
}

/** The engine is still starting up: what its last rung did for it cannot be told yet. */
const awaitsEffect = (state: State) =>
  state.effectBefore !== null && state.effective === null && state.now < state.graceUntil;

/**
 * Once, when the cooldown of an escalation is over: did it lower the engine's own CPU use, or, where that cannot be read,
 * the pressure? `logonly` changed nothing, so there is no effect to judge.
 */
function judgeEffect({ state }: Draft, { pressure }: Sight): void {
  const before = state.effectBefore;
  const p = state.options.parameters;
  if (before === null || state.effective !== null || state.lastRungChange === null) return;
  if (awaitsEffect(state)) return;
  if (state.options.psi_actions === 'logonly' || state.now - state.lastRungChange < p.cooldown_s * 1000) return;
  const engineCpu = engineCpuPercent(state);
  const byEngine = before.engineCpu !== null && engineCpu !== null;
  const from = byEngine ? before.engineCpu : before.pressure;
  const to = byEngine ? engineCpu : pressure[before.resource];
  if (from !== null && to !== null) state.effective = to <= from * (1 - p.effect_fraction);
}

/** A hold that a flap has doubled halves again after a quiet one; the recovery that a flap owes takes all of it first. */
function easeHold({ state }: Draft, { over }: Sight): void {
  const p = state.options.parameters;
  const base = p.recover_hold_s * 1000;
  const quiet = Math.max(state.recoverHoldMs, p.flap_window_s * 1000);
  if (state.quietMark === null) return;
  if (over.length > 0) state.quietMark = state.now;
  if (state.recoverHoldMs <= base || state.now - state.quietMark < quiet) return;
  state.recoverHoldMs = Math.max(base, state.recoverHoldMs / 2);
  state.quietMark = state.now;
}
