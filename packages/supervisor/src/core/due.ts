import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Draft } from './records.ts';
import { withoutRow } from './stall.ts';
import { isSettled } from './start-up.ts';

/** While something is over its limit or due, it is looked at so often, ms. */
const CLOSE_MS = 1000;

/** Milliseconds to the next look at the latest: deadlines are times and wake the loop, whatever the interval. */
export function nextLook(draft: Draft): number {
  const { state } = draft;
  const { clock, options, unit, phase, effects, stall } = state;
  const p = options.parameters;
  const interval = options.interval_s * 1000;
  const looking = options.psi_actions !== 'off';
  const close =
    (phase !== 'running' && phase !== 'begin') ||
    effects.pending !== null ||
    unit.startUpSince !== null ||
    unit.changingSince !== null ||
    (looking && (draft.look.over.length > 0 || state.ladder.overload));
  const times = [
    close ? CLOSE_MS : interval,
    (clock.firstStart ?? clock.now) + options.duration_s * 1000 - clock.now,
    unit.settledAt - clock.now,
    unit.graceUntil - clock.now,
    p.stall_threshold_s * 1000 - withoutRow(state),
    (stall.seenAgainAt ?? 0) + p.stall_grace_s * 1000 - clock.now,
    (stall.quietUntil ?? 0) + p.stall_threshold_s * 1000 - clock.now,
    ...(looking && isSettled(state) ? ladderTimes(draft) : []),
  ];
  return Math.min(...times.filter((ms) => ms > 0));
}

function ladderTimes({ state: { ladder, pressure, clock, options } }: Draft): number[] {
  const p = options.parameters;
  const good = ladder.goodSince.flatMap((since) => (since === null ? [] : [since + ladder.recoverHoldMs]));
  const over = RESOURCES.flatMap((r) => {
    const since = pressure.overSince[r];
    return since === null ? [] : [since + p.sustain_s * 1000, since + p.abort_after_s * 1000];
  });
  const cooled = typeof ladder.inForceSince === 'number' ? [ladder.inForceSince + p.cooldown_s * 1000] : [];
  return [...good, ...over, ...cooled].map((at) => at - clock.now);
}
