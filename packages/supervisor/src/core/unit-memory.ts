export interface UnitMemory {
  /** The unit as the last settled observation had it. */
  invocation: string | null;
  nRestarts: number;
  /** The invocation whose end is in the log. */
  exitSeenFor: string | null;
  /** Ends that the supervisor did not ask for; of these the ones that count against the engine. */
  exits: number;
  faults: number;
  /** Restarts that were not ours. */
  restarts: number;
  /** When the end that left it down was seen; null once it is back. */
  awaySince: number | null;
  /** Somebody stopped it: nothing is missing and nothing is restarted. */
  stopped: boolean;
  /** Since when the unit has been between two states, by anyone's act; null while it is settled. */
  changingSince: number | null;
  /** Until then a stall does not restart the engine. */
  graceUntil: number;
  active: boolean;
  /** The invocation that is on its way to being active; null if none is. */
  starting: string | null;
  /** The engine's stop, while it is on its way to its first kept frame; null otherwise. */
  startUpSince: number | null;
  /** Figures from then on are the running engine's alone. */
  settledAt: number;
}

export const noUnit = (): UnitMemory => ({
  invocation: null,
  nRestarts: 0,
  exitSeenFor: null,
  exits: 0,
  faults: 0,
  restarts: 0,
  awaySince: null,
  stopped: false,
  changingSince: null,
  graceUntil: 0,
  active: false,
  starting: null,
  startUpSince: null,
  settledAt: 0,
});
