import { mapResources, type PerResource } from '../per-resource.ts';
import type { Sighting } from './window.ts';

export interface PressureMemory {
  /** The counters of the last observations, as many as the window needs. */
  seen: readonly Sighting[];
  /** Median pressure without the engine; null for a resource that could not be read. */
  baseline: PerResource<number | null> | null;
  calibration: PerResource<readonly number[]>;
  /** Since when without a break. */
  overSince: PerResource<number | null>;
  calmSince: number | null;
  unavailable: PerResource<string | null>;
}

export const noPressure = (): PressureMemory => ({
  seen: [],
  baseline: null,
  calibration: mapResources(() => []),
  overSince: mapResources(() => null),
  calmSince: null,
  unavailable: mapResources(() => null),
});
