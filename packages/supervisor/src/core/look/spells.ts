import { RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import { mapResources } from '../per-resource.ts';
import type { State } from '../state.ts';
import type { Look } from './look.ts';

/**
 * For how long pressure has been over a limit, or calm, without a break. Looked at with every observation: a stall, or a
 * restart under way, keeps anything from being done about pressure, but a break meanwhile is a break. No spell begins
 * while an effect is under way: what an engine on its way down or up does not do is not calm.
 */
export function trackSpells({ clock, effects, ladder, options, pressure: memory }: State, look: Look): void {
  const begins = effects.pending === null ? clock.now : null;
  const since = (r: Resource) => (look.over.includes(r) ? (memory.overSince[r] ?? begins) : null);
  memory.overSince = mapResources(since);
  if (look.over.length === 0) ladder.atTopSince = null;
  const calm = RESOURCES.every((r) => {
    const value = look.pressure[r];
    return value !== null && value < options.parameters.recover_fraction * look.limits[r];
  });
  memory.calmSince = calm ? (memory.calmSince ?? begins) : null;
}
