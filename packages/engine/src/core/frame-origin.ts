import type { MarketOrigin } from './market.ts';

/** One connection to a source: a new object for each, so that what is kept per connection starts empty. */
export interface FrameOrigin extends MarketOrigin, ChannelMemory {
  /** The source's name. */
  name: string;
  /** The venue of its frames: the exact host, or the name that the configuration gives. */
  venue: string;
  /** The market of frames that name none: the URL's, else the source's own; empty if it is the config's. */
  symbol: string;
  wireSymbol: string | undefined;
  /** Its frames are recorded ticks (see `recorded-ticks.ts`), not an exchange's frames. */
  ticks?: true;
}

/** Symbol by channel id, for exchanges whose frames name it in the subscription's answer alone; a mapper makes the map. */
export interface ChannelMemory {
  channels?: Map<number, string>;
}
