import { type Draft, SPELL_ENDS_MS } from '../records.ts';
import { isSettled } from '../start-up.ts';
import { mayRecover } from './budget.ts';
import { measureEffect } from './effect.ts';
import { describe, type Judgement, judgedNumbers, type Move, type Note, type Numbers } from './move.ts';
import { recoverable } from './recovery.ts';
import { rungAbove } from './rungs.ts';

/** No recovery within this, ms, of an exit code 13. */
const OVERLOAD_REST_MS = 600_000;
const HOUR_MS = 3_600_000;

/** Up only for a part that stays over its limit; down to the lowest rung on which every limit would be kept. */
export function adaptive(draft: Draft): Judgement {
  easeHold(draft);
  const measured = measureEffect(draft);
  const { move, note } = judgePressure(draft);
  return { move, notes: [measured, note].filter((one) => one !== null) };
}

function judgePressure(draft: Draft): { move: Move; note: Note | null } {
  const { pressure, clock, options } = draft.state;
  const { over, unknown, quota, ambient } = draft.look;
  const lasting = over.filter((r) => {
    const since = pressure.overSince[r];
    return since !== null && clock.now - since >= options.parameters.sustain_s * 1000;
  });
  if (lasting.length > 0)
    return escalate(draft, Math.max(...lasting.map((r) => clock.now - (pressure.overSince[r] ?? 0))));
  const only = (move: Move) => ({ move, note: null });
  if (!isSettled(draft.state)) return only({ move: 'stay', reason: 'hold: start-up' });
  if (over.length > 0) return only({ move: 'stay', reason: `hold: ${describe(draft, over)}, not yet for long` });
  const numbers = judgedNumbers(draft);
  const recovery = recover(draft, numbers);
  if (recovery !== null) return only(recovery);
  if (unknown.length > 0) return only({ move: 'hold', hold: 'unknown', reason: describe(draft, unknown), numbers });
  if (quota.length > 0) return only({ move: 'hold', hold: 'quota', reason: describe(draft, quota), numbers });
  if (ambient.length > 0) return only({ move: 'hold', hold: 'ambient', reason: describe(draft, ambient), numbers });
  return only({ move: 'stay', reason: 'ok' });
}

/** `overMs`: for how long the part that has been over its limit longest has. */
function escalate(draft: Draft, overMs: number): { move: Move; note: Note | null } {
  const { ladder, clock, options } = draft.state;
  const p = options.parameters;
  const numbers = judgedNumbers(draft);
  const reason = `${describe(draft, draft.look.over)} for ${Math.round(overMs / 1000)} s`;
  const step = rungAbove(ladder.steps, ladder.wouldBe);
  if (step === null) {
    const said = ladder.topAt !== null && clock.now - ladder.topAt <= SPELL_ENDS_MS;
    const note: Note | null = said
      ? null
      : { action: 'THROTTLE_MAX', reason: 'over the limit at the last rung', ...numbers };
    ladder.topAt = clock.now;
    if (overMs < p.abort_after_s * 1000) return { move: { move: 'stay', reason: `hold: at ${ladder.wouldBe}` }, note };
    return { move: { move: 'end', cause: 'pressure', reason: `${reason} at ${ladder.wouldBe}`, numbers }, note };
  }
  const { inForceSince } = ladder;
  const cooling =
    inForceSince === 'awaited' || (inForceSince !== null && clock.now - inForceSince < p.cooldown_s * 1000);
  if (cooling) return { move: { move: 'stay', reason: 'hold: cooldown' }, note: null };
  return { move: { move: 'to', step, cause: 'pressure', reason, numbers }, note: null };
}

/** Straight to the lowest rung that will hold, if the budget has a recovery left. */
function recover({ state }: Draft, numbers: Numbers): Move | null {
  const { ladder, clock } = state;
  const good = recoverable(state);
  if (good === null) return null;
  if (ladder.lastOverload !== null && clock.now - ladder.lastOverload < OVERLOAD_REST_MS)
    return { move: 'stay', reason: 'hold: exit code 13 within 10 min' };
  const held = { held_for_s: Math.round(good.heldMs / 1000), recover_hold_s: ladder.recoverHoldMs / 1000 };
  const reason = `every limit would be kept at ${good.step.rung} for ${held.held_for_s} s`;
  if (!mayRecover(state))
    return { move: 'hold', hold: 'budget', reason: `no recovery left in this hour; ${reason}`, numbers };
  return { move: 'to', step: good.step, cause: 'recovery', reason, numbers: { ...numbers, ...held } };
}

/** An hour at the rung that was found, without a rung change, resets the hold that flapping has doubled. */
function easeHold({ state: { ladder, clock, options } }: Draft): void {
  const calm = ladder.wouldBe === ladder.steps[ladder.found]?.rung;
  if (calm && ladder.lastChange !== null && clock.now - ladder.lastChange >= HOUR_MS)
    ladder.recoverHoldMs = options.parameters.recover_hold_s * 1000;
}
