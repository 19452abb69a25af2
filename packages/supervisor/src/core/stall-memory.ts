export interface StallMemory {
  lastProgress: number | null;
  /** Since when start-up graces have kept the next act on a stall back; null if none does. */
  heldSince: number | null;
  /** STALLs in a row without progress. */
  streak: number;
  /** STALLs in all. */
  count: number;
  /** A STALL is written whose restart is still owed. */
  open: boolean;
  /** The heartbeat's last value, and when it last moved: wall time may jump, movement does not lie. */
  heartbeat: { pid: number; flush: number; movedAt: number } | null;
  quietLogged: boolean;
  starvedLogged: boolean;
  /** Why progress cannot be read; null if it can. */
  why: string | null;
  ticksStart: number | null;
  ticksCount: number;
  lastTickTs: number | null;
}

export const noStall = (): StallMemory => ({
  lastProgress: null,
  heldSince: null,
  streak: 0,
  count: 0,
  open: false,
  heartbeat: null,
  quietLogged: false,
  starvedLogged: false,
  why: null,
  ticksStart: null,
  ticksCount: 0,
  lastTickTs: null,
});
