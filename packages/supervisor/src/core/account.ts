import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import { attribute } from './attribution.ts';
import type { Draft } from './draft.ts';
import { effectiveLimits, mapResources, overLimit } from './pressure.ts';
import type { Histogram } from './state.ts';

/** Adds the time since the last observation, ms, to the run's totals, and its pressure to the histograms. */
export function account({ state, observation, pressure }: Draft, elapsed: number): void {
  state.msObserved += elapsed;
  state.timePerRung = { ...state.timePerRung };
  state.timePerRung[state.rung] += elapsed;
  const looking = state.options.psi_actions !== 'off';
  const psiBlind = looking && RESOURCES.some((resource) => !observation.psi[resource].available);
  // An engine that has just been started makes its database first.
  const young = state.ticksStart === null && state.now < state.graceUntil;
  if (psiBlind || (!observation.progress.available && !young)) state.msBlind += elapsed;
  state.histogram = mapResources((resource) => {
    const value = pressure[resource];
    return value === null ? state.histogram[resource] : counted(state.histogram[resource], value);
  });
  if (!looking) return;
  const over = overLimit(pressure, effectiveLimits(state));
  if (over.length > 0 && attribute(state, observation, over).whose === 'ambient') state.msAmbient += elapsed;
}

/** Only the row of ten that the value falls in is copied. */
function counted(rows: Histogram, value: number): Histogram {
  const bin = Math.min(100, Math.max(0, Math.round(value)));
  const at = Math.floor(bin / 10);
  const row = rows[at] as readonly number[];
  return rows.with(at, row.with(bin % 10, (row[bin % 10] as number) + 1));
}
