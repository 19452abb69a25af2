import { mapResources } from '../per-resource.ts';
import { isSettled } from '../start-up.ts';
import type { State } from '../state.ts';
import type { Look } from './look.ts';
import { BLIND_MS } from './meter.ts';

/**
 * For how long a part has been over its limit without a break. Looked at with every observation: a stall keeps anything
 * from being done about pressure, but a break meanwhile is a break. Start-up, the window after it, an effect under way and
 * blind time belong to no spell.
 */
export function trackSpells(state: State, look: Look, elapsed: number): void {
  const { clock, pressure: memory } = state;
  const whole = isSettled(state);
  const unbroken = elapsed <= BLIND_MS;
  memory.overSince = mapResources((r) => {
    if (!whole || !look.over.includes(r)) return null;
    return unbroken ? (memory.overSince[r] ?? clock.now) : clock.now;
  });
}

/** A rung change starts every spell again. */
export function resetSpells({ pressure, ladder }: State): void {
  pressure.overSince = mapResources(() => null);
  ladder.goodSince = ladder.steps.map(() => null);
  ladder.topAt = null;
}
