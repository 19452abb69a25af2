import type { State } from '../state.ts';

const HOUR_MS = 3_600_000;

/** How many restarts of the hour's budget are used. */
export const restartsUsed = ({ clock, ladder }: State): number =>
  ladder.restarts.filter((at) => clock.now - at < HOUR_MS).length;

/**
 * Takes one restart out of the hour's budget, shared by ladder and stalls; false if it is spent. `would` counts what
 * `logonly` would have done: it uses up the ladder's share and never a stall's.
 */
export function spendRestart({ clock, ladder, options }: State, would = false): boolean {
  const recent = (times: readonly number[]) => times.filter((at) => clock.now - at < HOUR_MS);
  ladder.restarts = recent(ladder.restarts);
  ladder.wouldRestarts = recent(ladder.wouldRestarts);
  const used = ladder.restarts.length + (would ? ladder.wouldRestarts.length : 0);
  if (used >= options.parameters.max_restarts_per_hour) return false;
  if (would) ladder.wouldRestarts = [...ladder.wouldRestarts, clock.now];
  else {
    ladder.restarts = [...ladder.restarts, clock.now];
    ladder.restartCount++;
  }
  return true;
}
