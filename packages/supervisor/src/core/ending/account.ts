import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import { attribute } from '../look/attribution.ts';
import { mapResources } from '../per-resource.ts';
import type { Draft } from '../records.ts';
import type { Histogram } from './totals.ts';

/** Adds the time since the last observation, ms, to the run's totals, and its pressure to the histograms. */
export function account({ state, observation, look }: Draft, elapsed: number): void {
  const { totals, ladder, stall, clock, unit, options } = state;
  totals.observed += elapsed;
  totals.perRung = { ...totals.perRung, [ladder.rung]: totals.perRung[ladder.rung] + elapsed };
  const looking = options.psi_actions !== 'off';
  const psiBlind = looking && RESOURCES.some((resource) => !observation.psi[resource].available);
  // An engine that has just been started makes its database first.
  const young = stall.ticksStart === null && clock.now < unit.graceUntil;
  if (psiBlind || (!observation.progress.available && !young)) totals.blind += elapsed;
  totals.histogram = mapResources((resource) => {
    const value = look.pressure[resource];
    return value === null ? totals.histogram[resource] : counted(totals.histogram[resource], value);
  });
  if (!looking || look.over.length === 0) return;
  if (attribute(state, observation, look.over).whose === 'ambient') totals.ambient += elapsed;
}

/** Only the row of ten that the value falls in is copied. */
function counted(rows: Histogram, value: number): Histogram {
  const bin = Math.min(100, Math.max(0, Math.round(value)));
  const at = Math.floor(bin / 10);
  const row = rows[at] as readonly number[];
  return rows.with(at, row.with(bin % 10, (row[bin % 10] as number) + 1));
}
