/** What became of the frames, and of the trades in those that were mapped; each kind is counted separately. */
export interface FrameCounters {
  received: number;
  kept: number;
  sampled_out: number;
  duplicates: number;
  history: number;
  control: number;
  ignored: number;
  malformed: number;
  dropped: number;
  /** Live trade frames handed to the mapper; with `sampled_out` all that came. */
  trade_frames_kept: number;
  /** Trades in the frames that were mapped, live or of the past. */
  trades: number;
  ticks: number;
  trade_duplicates: number;
  /** Snapshots and other trades of the past: never ticks. */
  trades_past: number;
  /** In frames that found the writer's queue full. */
  trades_dropped: number;
  /** With a time that cannot be, or of one market too many. */
  trades_quarantined: number;
  /** Entries other than market trades (insurance fund, auto-deleveraging). */
  prints_ignored: number;
}

export const newCounters = (): FrameCounters => ({
  received: 0,
  kept: 0,
  sampled_out: 0,
  duplicates: 0,
  history: 0,
  control: 0,
  ignored: 0,
  malformed: 0,
  dropped: 0,
  trade_frames_kept: 0,
  trades: 0,
  ticks: 0,
  trade_duplicates: 0,
  trades_past: 0,
  trades_dropped: 0,
  trades_quarantined: 0,
  prints_ignored: 0,
});

/**
 * 0, or the number of frames and trades that are in no counter: received = kept + sampled out + duplicates + history + control +
 * ignored + malformed + dropped, and trades = ticks + duplicates + past + dropped + quarantined + ignored prints.
 */
export function unaccounted(c: FrameCounters): number {
  const frames =
    c.received - (c.kept + c.sampled_out + c.duplicates + c.history + c.control + c.ignored + c.malformed + c.dropped);
  const trades =
    c.trades -
    (c.ticks + c.trade_duplicates + c.trades_past + c.trades_dropped + c.trades_quarantined + c.prints_ignored);
  return Math.abs(frames) + Math.abs(trades);
}
