/** Frames by what became of them; every received frame is in exactly one of the others. */
export interface Counters {
  received: number;
  kept: number;
  sampled_out: number;
  duplicates: number;
  history: number;
  control: number;
  ignored: number;
  malformed: number;
  dropped: number;
  /** Ticks made of the kept frames; one frame may hold several. */
  ticks: number;
}

export const newCounters = (): Counters => ({
  received: 0,
  kept: 0,
  sampled_out: 0,
  duplicates: 0,
  history: 0,
  control: 0,
  ignored: 0,
  malformed: 0,
  dropped: 0,
  ticks: 0,
});

/** received - (all that became of them): 0, or frames were lost without being counted. */
export function unaccounted(c: Counters): number {
  return (
    c.received - (c.kept + c.sampled_out + c.duplicates + c.history + c.control + c.ignored + c.malformed + c.dropped)
  );
}
