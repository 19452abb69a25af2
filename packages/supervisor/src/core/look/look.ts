import type { Resource } from '@hybrid-soak/contract/psi.ts';
import type { PerResource } from '../per-resource.ts';

/** What follows from an observation and the window alone; computed once a step and handed on. */
export interface Look {
  /** Stall time, percent of wall time; null if it is unknown. */
  pressure: PerResource<number | null>;
  limits: PerResource<number>;
  over: readonly Resource[];
}
