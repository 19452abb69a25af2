import { RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import { type Attribution, attribute } from '../look/attribution.ts';
import { engineCpuPercent } from '../look/pressure.ts';
import type { Draft } from '../records.ts';
import { explain, type Judged, type Move, type Note } from './move.ts';
import { rungAbove, rungBelow } from './rungs.ts';

/** Up only for pressure that lasts, is the engine's own, and that a rung does help; down when all has been calm. */
export function adaptive(draft: Draft): Move {
  judgeEffect(draft);
  const move = judge(draft);
  if (move.to !== 'down') easeHold(draft);
  return move;
}

function judge(draft: Draft): Move {
  const { ladder, pressure, clock, options } = draft.state;
  const { over } = draft.look;
  const { sustain_s } = options.parameters;
  if (over.length === 0) return settle(draft);
  const lasting = over.filter((r) => clock.now - (pressure.overSince[r] ?? clock.now) >= sustain_s * 1000);
  if (lasting.length === 0) return { to: 'stay', reason: 'hold: not sustained', note: null };
  const attribution = attribute(draft.state, draft.observation, lasting);
  const { whose, share } = attribution;
  if (whose === 'engine' || whose === 'ambient' || whose === 'quota') ladder.lastWhose = whose;
  const extra = {
    ...explain(draft),
    attribution: whose === 'unknown' ? "unavailable, counted as the engine's" : whose,
    engine_share: share === null ? null : Math.round(share * 1000) / 1000,
  };
  return escalate(draft, attribution, lasting, extra);
}

function escalate(draft: Draft, { whose }: Attribution, lasting: readonly Resource[], extra: Judged): Move {
  const { ladder, clock, options } = draft.state;
  const p = options.parameters;
  if (whose === 'ambient' || whose === 'quota' || whose === 'measuring') ladder.atTopSince = null;
  if (whose === 'ambient' || whose === 'quota') return { to: 'hold', reason: whose, extra, note: null };
  if (whose !== 'measuring' && rungAbove(ladder.steps, ladder.wouldBe) === null) return atTop(draft, whose, extra);
  if (ladder.lastChange !== null && clock.now - ladder.lastChange < p.cooldown_s * 1000)
    return { to: 'hold', reason: 'cooldown', extra, note: null };
  if (ladder.effective === false) return { to: 'hold', reason: 'ineffective', extra, note: null };
  // That the engine has just started is in the log already.
  if (whose === 'measuring' || awaitsEffect(draft)) return { to: 'stay', reason: 'hold: measuring', note: null };
  return { to: 'up', reason: `${lasting.join(', ')} over the limit for ${p.sustain_s} s`, extra };
}

/**
 * If nothing tells whose the pressure is, only a rung that helped has shown it to be the engine's: without one the soak
 * goes on.
 */
function atTop({ state }: Draft, whose: Attribution['whose'], extra: Judged): Move {
  const { ladder, clock } = state;
  const forS = state.options.parameters.abort_after_s;
  let note: Note | null = null;
  if (ladder.atTopSince === null) {
    ladder.atTopSince = clock.now;
    note = { reason: 'over the limit at the last rung', ...extra };
  }
  if (clock.now - ladder.atTopSince < forS * 1000) return { to: 'stay', reason: `hold: at ${ladder.wouldBe}`, note };
  if (whose === 'unknown' && ladder.effective !== true) {
    const reason = ladder.effective === false ? 'ineffective' : 'attribution unavailable';
    return { to: 'hold', reason, extra, note };
  }
  const reason = `the engine kept the host over the limit for ${forS} s at ${ladder.wouldBe}`;
  return { to: 'end', reason, extra, note };
}

/** Nothing is over a limit: calm, or between calm and over. Blind is not calm: recovery needs every resource seen. */
function settle({ state, look }: Draft): Move {
  const { ladder, clock, pressure, log } = state;
  log.lastHold = null;
  if (pressure.calmSince === null) {
    const unknown = RESOURCES.some((r) => look.pressure[r] === null);
    return { to: 'stay', reason: unknown ? 'hold: pressure unknown' : 'ok: below the limit', note: null };
  }
  if (rungBelow(ladder.steps, ladder.wouldBe) === null) return { to: 'stay', reason: 'ok', note: null };
  const calmMs = clock.now - pressure.calmSince;
  const cooldownMs = state.options.parameters.cooldown_s * 1000;
  const cooling = ladder.lastChange !== null && clock.now - ladder.lastChange < cooldownMs;
  if (cooling || calmMs < ladder.recoverHoldMs)
    return { to: 'stay', reason: 'hold: calm, waiting to recover', note: null };
  const extra = { held_for_s: Math.round(calmMs / 1000), recover_hold_s: ladder.recoverHoldMs / 1000 };
  return { to: 'down', reason: 'calm: one rung down', extra };
}

/** The engine is still starting up: the effect of its last rung is not known yet. */
const awaitsEffect = ({ state: { ladder, clock, unit } }: Draft) =>
  ladder.effectBefore !== null && ladder.effective === null && clock.now < unit.graceUntil;

/**
 * Once, when the cooldown of an escalation is over: did it lower the engine's own CPU use, or, if that cannot be read,
 * the pressure? `logonly` changed nothing, so there is no effect to judge.
 */
function judgeEffect(draft: Draft): void {
  const { state, look } = draft;
  const { ladder, clock, options } = state;
  const before = ladder.effectBefore;
  const p = options.parameters;
  if (before === null || ladder.effective !== null || ladder.lastChange === null) return;
  if (awaitsEffect(draft)) return;
  if (options.psi_actions === 'logonly' || clock.now - ladder.lastChange < p.cooldown_s * 1000) return;
  const engineCpu = engineCpuPercent(state);
  const byEngine = before.engineCpu !== null && engineCpu !== null;
  const from = byEngine ? before.engineCpu : before.pressure;
  const to = byEngine ? engineCpu : look.pressure[before.resource];
  if (from !== null && to !== null) ladder.effective = to <= from * (1 - p.effect_fraction);
}

/** A hold that a flap has doubled halves again after a quiet one; the recovery that a flap owes takes all of it first. */
function easeHold({ state, look }: Draft): void {
  const { ladder, clock } = state;
  const p = state.options.parameters;
  const base = p.recover_hold_s * 1000;
  const quiet = Math.max(ladder.recoverHoldMs, p.flap_window_s * 1000);
  if (ladder.quietMark === null) return;
  if (look.over.length > 0) ladder.quietMark = clock.now;
  if (ladder.recoverHoldMs <= base || clock.now - ladder.quietMark < quiet) return;
  ladder.recoverHoldMs = Math.max(base, ladder.recoverHoldMs / 2);
  ladder.quietMark = clock.now;
}
