import type { DecisionRecord } from '@hybrid-soak/contract/decision.ts';
import type { Effect } from './effect.ts';

/** One thing decided: the record is written and synced before the effect, if there is one, is begun. */
export interface Decision {
  record: DecisionRecord;
  effect: Effect | null;
}

/** How a soak ended. `exit_code` is one of SOAK_EXIT. */
export interface Ending {
  verdict: 'PASS' | 'FAIL' | 'INCONCLUSIVE' | 'INTERRUPTED';
  reason: string;
  exit_code: number;
}
