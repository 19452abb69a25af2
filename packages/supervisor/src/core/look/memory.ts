import { mapResources, type PerResource } from '../per-resource.ts';
import { type Meter, newMeter } from './meter.ts';

export interface PressureMemory {
  /** For observations without `parts`, of earlier versions: they are the samples themselves. */
  meter: Meter;
  /** Median pressure before the engine's first start; null for a resource that could not be read. Decides nothing. */
  baseline: PerResource<number | null> | null;
  calibration: PerResource<readonly number[]>;
  calibratedMs: number;
  /** Since when the part has been over its limit without a break. */
  overSince: PerResource<number | null>;
  /** `full` of the engine's own cgroup at the observation before, microseconds, and its share of the time since, percent. */
  cgroupFull: { mono: number; total: number } | null;
  cgroupFullPercent: number | null;
  unavailable: PerResource<string | null>;
}

export const noPressure = (): PressureMemory => ({
  meter: newMeter(),
  baseline: null,
  calibration: mapResources(() => []),
  calibratedMs: 0,
  overSince: mapResources(() => null),
  cgroupFull: null,
  cgroupFullPercent: null,
  unavailable: mapResources(() => null),
});
