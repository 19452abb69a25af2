export interface UnitMemory {
  /** The unit as the last settled observation had it. */
  invocation: string | null;
  nRestarts: number;
  /** The invocation whose end is in the log. */
  exitSeenFor: string | null;
  crashes: number;
  /** Since when the unit has been between two states, by anyone's act; null while it is settled. */
  changingSince: number | null;
  /** Until then a stall does not restart the engine, and its own counters are those of its start-up. */
  graceUntil: number;
}

export const noUnit = (): UnitMemory => ({
  invocation: null,
  nRestarts: 0,
  exitSeenFor: null,
  crashes: 0,
  changingSince: null,
  graceUntil: 0,
});
