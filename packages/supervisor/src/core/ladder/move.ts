import type { DecisionBody } from '@hybrid-soak/contract/decision.ts';
import { mapResources, type PerResource } from '../per-resource.ts';
import type { Draft } from '../records.ts';

type Restart = Extract<DecisionBody, { action: 'ENGINE_RESTART' }>;
/** The numbers behind a judgement. */
export type Numbers = Pick<
  Restart,
  | 'over'
  | 'pressure'
  | 'effective_limit'
  | 'baseline'
  | 'attribution'
  | 'engine_share'
  | 'held_for_s'
  | 'recover_hold_s'
  | 'exit_code'
>;
/** Those that only an escalation and its holds have. */
export type Judged = Omit<Numbers, 'held_for_s' | 'recover_hold_s' | 'exit_code'>;

/** What a policy wants. Whether it can be done, and is, is decided by the ladder, the same for every policy. */
export type Move =
  | { to: 'up' | 'down'; reason: string; extra: Numbers }
  | { to: 'end'; reason: string; extra: Judged; note: Note | null }
  /** Something keeps the rung where it is: a record when it is new. */
  | { to: 'hold'; reason: string; extra: Judged; note: Note | null }
  | { to: 'stay'; reason: string; note: Note | null };

/** What is to be recorded besides: the last rung does not help. */
export type Note = Omit<Extract<DecisionBody, { action: 'THROTTLE_MAX' }>, 'action'>;

/** The numbers behind a judgement, rounded for people. */
export function explain({ state, look }: Draft): Judged {
  const rounded = (values: PerResource<number | null>) =>
    mapResources((resource) => (values[resource] === null ? null : Math.round(values[resource] * 100) / 100));
  const { baseline } = state.pressure;
  return {
    over: [...look.over],
    pressure: rounded(look.pressure),
    effective_limit: rounded(look.limits),
    ...(baseline === null ? {} : { baseline }),
  };
}
