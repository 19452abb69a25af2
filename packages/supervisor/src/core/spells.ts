import { RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import type { Draft } from './draft.ts';
import { effectiveLimits, overLimit } from './pressure.ts';

/**
 * For how long pressure has been over a limit, or calm, without a break. Looked at with every observation: a stall, or a
 * restart under way, keeps anything from being done about pressure, but a break meanwhile is a break. No spell begins
 * while an effect is under way: what an engine on its way down or up does not do is no calm.
 */
export function trackSpells({ state, pressure }: Draft): void {
  const limits = effectiveLimits(state);
  const over = overLimit(pressure, limits);
  const begins = state.pending === null ? state.now : null;
  const since = (r: Resource) => (over.includes(r) ? (state.overSince[r] ?? begins) : null);
  state.overSince = { cpu: since('cpu'), memory: since('memory'), io: since('io') };
  if (over.length === 0) state.atTopSince = null;
  const calm = RESOURCES.every((r) => {
    const value = pressure[r];
    return value !== null && value < state.options.parameters.recover_fraction * limits[r];
  });
  state.calmSince = calm ? (state.calmSince ?? begins) : null;
}
