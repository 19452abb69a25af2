import type { Origin } from './dedupe/dedupe.ts';

/** One connection to a source: a new object for each, so that what is counted per connection starts at zero. */
export interface FrameOrigin extends Origin {
  /** The market of frames that name none: the URL's, else the source's own; empty if it is the config's. */
  symbol: string;
  wireSymbol: string | undefined;
  /** Its frames are recorded ticks (see `recorded-ticks.ts`), not an exchange's frames. */
  ticks?: true;
}
