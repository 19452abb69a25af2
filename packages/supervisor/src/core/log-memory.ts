import type { HoldCode } from '@hybrid-soak/contract/decision-fields.ts';

export interface LogMemory {
  seq: number;
  /** When each kind of hold was last in effect: a spell of it ends after a minute without. */
  holds: Readonly<Partial<Record<HoldCode, number>>>;
  wouldAbort: boolean;
}

export const emptyLog = (): LogMemory => ({ seq: 0, holds: {}, wouldAbort: false });
