export interface LogMemory {
  seq: number;
  /** The last HOLD, for as long as it stands. */
  lastHold: string | null;
}

export const emptyLog = (): LogMemory => ({ seq: 0, lastHold: null });
