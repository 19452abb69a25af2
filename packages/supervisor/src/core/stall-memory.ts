import type { QuietReason } from '@hybrid-soak/contract/decision-fields.ts';

/** Live trade frames of one process since its start. */
export interface Frames {
  pid: number;
  kept: number;
  sampledOut: number;
}

export interface StallMemory {
  lastProgress: number | null;
  /** Since when start-up graces have kept the next act on a stall back; null if none does. */
  heldSince: number | null;
  /** A STALL is in the log since the last row: a stall is one, however often it is acted on. */
  declared: boolean;
  /** Acts on this stall. */
  streak: number;
  /** STALLs in all. */
  count: number;
  /** A restart is still owed. */
  open: boolean;
  /** The heartbeat's last value, and when it last moved: wall time may jump, movement does not lie. */
  heartbeat: { pid: number; flush: number; movedAt: number } | null;
  /** Why there has been no row since the last one; null if it was not quiet. */
  quiet: QuietReason | null;
  /** The first look after time that nobody observed, since the last row; null if there was no such time. */
  seenAgainAt: number | null;
  /** Until when time without a row was quiet or stopped: the stall clock runs from here. */
  quietUntil: number | null;
  /** The engine's trade frames at the last row. */
  framesAtRow: Frames | null;
  /** Rows could be read at least once. */
  readable: boolean;
  /** When each kind of QUIET, and STARVED, were last in effect: a spell of it ends after a minute without. */
  said: Readonly<Partial<Record<QuietReason | 'starved', number>>>;
  /** Why progress cannot be read; null if it can. */
  why: string | null;
  ticksStart: number | null;
  ticksCount: number;
  lastTickTs: number | null;
}

export const noStall = (): StallMemory => ({
  lastProgress: null,
  heldSince: null,
  declared: false,
  streak: 0,
  count: 0,
  open: false,
  heartbeat: null,
  quiet: null,
  seenAgainAt: null,
  quietUntil: null,
  framesAtRow: null,
  readable: false,
  said: {},
  why: null,
  ticksStart: null,
  ticksCount: 0,
  lastTickTs: null,
});
