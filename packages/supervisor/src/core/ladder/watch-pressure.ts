import { finish } from '../ending/ending.ts';
import { resetSpells } from '../look/spells.ts';
import { type Draft, hold, record } from '../records.ts';
import { busy } from '../unit.ts';
import { adaptive } from './adaptive.ts';
import { spendRecovery } from './budget.ts';
import { classic } from './classic.ts';
import { beginMeasuring } from './effect.ts';
import { judgedNumbers, type Move, type Numbers } from './move.ts';
import { rungIndex, trackGood } from './recovery.ts';
import { rungAbove } from './rungs.ts';
import { extendUse } from './use.ts';

const POLICIES = { adaptive, classic };
/** So many ends by exit code 13 at the last rung within so long, ms, end the soak. */
const OVERLOADS = 3;
const OVERLOADS_WITHIN_MS = 1_800_000;

type Change = Extract<Move, { move: 'to' }>;

/** What recoveries and effects are reckoned by; taken in with every observation. */
export function trackLadder(draft: Draft, elapsed: number): void {
  const { state, observation } = draft;
  state.ladder.use = extendUse(state.ladder.use, observation, state.clock.now);
  if (state.options.policy === 'adaptive') trackGood(draft, elapsed);
}

/** One look at the pressure: a rung up, a rung down, a hold with its reason, or the end. */
export function watchPressure(draft: Draft): string | null {
  const { options, ladder } = draft.state;
  if (options.psi_actions === 'off') return null;
  if (ladder.overload) return climbForOverload(draft);
  const { move, notes } = POLICIES[options.policy](draft);
  // What would have ended the soak has been recorded; there is nothing to add to it.
  if (!draft.state.log.wouldAbort) for (const note of notes) record(draft, note);
  switch (move.move) {
    case 'to':
      return moveTo(draft, move);
    case 'end':
      return giveUp(draft, move);
    case 'hold':
      return hold(draft, move.hold, move.reason, move.numbers);
    case 'stay':
      return move.reason;
    default:
      return move satisfies never;
  }
}

/** An engine that says itself that it cannot keep up (exit code 13) goes one rung up as soon as that can be done. */
function climbForOverload(draft: Draft): string {
  const { ladder, clock } = draft.state;
  const numbers = { ...judgedNumbers(draft), exit_code: 13 };
  ladder.lastOverload = clock.now;
  const step = rungAbove(ladder.steps, ladder.wouldBe);
  if (step !== null)
    return moveTo(draft, { move: 'to', step, cause: 'overload', reason: 'engine exit code 13', numbers });
  ladder.overload = false;
  ladder.overloadsAtTop = [...ladder.overloadsAtTop, clock.now].filter((at) => clock.now - at <= OVERLOADS_WITHIN_MS);
  if (ladder.overloadsAtTop.length < OVERLOADS)
    return record(draft, { action: 'THROTTLE_MAX', reason: 'engine exit code 13 at the last rung', ...numbers });
  const reason = `engine exit code 13 ${OVERLOADS} times within 30 min at ${ladder.wouldBe}`;
  return giveUp(draft, { move: 'end', cause: 'overload', reason, numbers });
}

function moveTo(draft: Draft, move: Change): string {
  const { state } = draft;
  const { ladder, options } = state;
  const under = busy(state);
  if (under !== null) return hold(draft, 'busy', under, move.numbers);
  const would = options.psi_actions === 'logonly';
  const up = ladder.steps.indexOf(move.step) > rungIndex(state);
  if (up) beginMeasuring(state, move.step);
  else spendRecovery(state);
  remember(draft, up);
  const { step, cause, numbers } = move;
  const reason = would
    ? record(draft, {
        action: 'PSI_LOGONLY',
        reason: move.reason,
        cause,
        ...numbers,
        would_be: step.rung,
        would_be_sample_every: step.sample_every,
      })
    : change(draft, move);
  ladder.wouldBe = step.rung;
  return reason;
}

/** What the next judgements need to know of this change. Every spell begins again. */
function remember({ state }: Draft, up: boolean): void {
  const { ladder, clock, options } = state;
  const p = options.parameters;
  if (!up) {
    ladder.lastRecovery = clock.now;
    ladder.measuring = null;
  } else if (ladder.lastRecovery !== null && clock.now - ladder.lastRecovery <= p.flap_window_s * 1000) {
    const longest = Math.max(p.max_recover_hold_s, p.recover_hold_s) * 1000;
    ladder.recoverHoldMs = Math.min(ladder.recoverHoldMs * 2, longest);
  }
  ladder.overload = false;
  ladder.lastChange = clock.now;
  ladder.inForceSince = options.psi_actions === 'logonly' ? clock.now : 'awaited';
  resetSpells(state);
}

function change(draft: Draft, { step, cause, reason, numbers }: Change): string {
  const { ladder, options } = draft.state;
  const { rung: from, sampleEvery: from_sample_every } = ladder;
  ladder.before = { rung: from, sampleEvery: from_sample_every };
  ladder.rung = step.rung;
  ladder.sampleEvery = step.sample_every;
  ladder.restartCount++;
  return record(
    draft,
    { action: 'ENGINE_RESTART', reason, cause, ...numbers, from, from_sample_every },
    { kind: 'set-rung', sample_every: step.sample_every, apply: options.apply },
  );
}

function giveUp(
  draft: Draft,
  { cause, reason, numbers }: { cause: 'pressure' | 'overload'; reason: string; numbers: Numbers; move: 'end' },
): string {
  const { options, log } = draft.state;
  const { held_for_s: _, recover_hold_s: __, ...judged } = numbers;
  if (options.psi_actions !== 'logonly')
    return finish(draft, { action: 'ABORT', cause, ...judged }, { verdict: 'FAIL', reason, exit_code: 20 });
  const said = `would abort: ${reason}`;
  if (log.wouldAbort) return `hold: ${said}`;
  log.wouldAbort = true;
  return record(draft, { action: 'PSI_LOGONLY', reason: said, cause, ...judged, would_abort: true });
}
