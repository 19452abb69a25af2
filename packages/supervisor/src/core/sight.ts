import type { Resource } from '@hybrid-soak/contract/psi.ts';
import type { Draft } from './draft.ts';
import { mapResources } from './pressure.ts';
import type { PerResource } from './state.ts';

/** What a policy judges: pressure, percent of wall time in which tasks waited, against its limits. */
export interface Sight {
  pressure: PerResource<number | null>;
  limits: PerResource<number>;
  over: Resource[];
}

/** What a policy wants. Whether it can be done, and is, is decided here, the same for every policy. */
export type Move =
  | { to: 'up' | 'down'; reason: string; extra: Record<string, unknown> }
  | { to: 'end'; reason: string; extra: Record<string, unknown> }
  /** Something keeps the rung where it is: a record when it is new. */
  | { to: 'hold'; reason: string; extra: Record<string, unknown> }
  /** Nothing to record. */
  | { to: 'stay'; reason: string };

/** The numbers behind a judgement, rounded for people. */
export function explain(draft: Draft, sight: Sight): Record<string, unknown> {
  const rounded = (values: PerResource<number | null>) =>
    mapResources((resource) => (values[resource] === null ? null : Math.round(values[resource] * 100) / 100));
  const { baseline } = draft.state;
  return {
    over: sight.over,
    pressure: rounded(sight.pressure),
    effective_limit: rounded(sight.limits),
    ...(baseline === null ? {} : { baseline }),
  };
}
