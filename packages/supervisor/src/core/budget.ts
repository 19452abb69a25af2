import type { Draft } from './draft.ts';
import type { State } from './state.ts';

const HOUR_MS = 3_600_000;

/** How many restarts of the hour's budget are used. */
export const restartsUsed = ({ restarts, now }: State): number => restarts.filter((at) => now - at < HOUR_MS).length;

/**
 * Takes one restart out of the hour's budget, shared by ladder and stalls; false where it is spent. `would` counts what
 * `logonly` would have done: it uses up the ladder's share and never a stall's.
 */
export function spendRestart({ state }: Draft, would = false): boolean {
  const recent = (times: number[]) => times.filter((at) => state.now - at < HOUR_MS);
  state.restarts = recent(state.restarts);
  state.wouldRestarts = recent(state.wouldRestarts);
  const used = state.restarts.length + (would ? state.wouldRestarts.length : 0);
  if (used >= state.options.parameters.max_restarts_per_hour) return false;
  if (would) state.wouldRestarts.push(state.now);
  else {
    state.restarts.push(state.now);
    state.restartCount++;
  }
  return true;
}
