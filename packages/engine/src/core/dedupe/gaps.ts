import type { Holding } from '../shadow/execution.ts';

/** A hole of dense trade ids, both ends included, as a row of `gaps` is opened and closed by it. Times are wall time, ms. */
export type GapChange =
  | { is: 'opened'; source: string; symbol: string; from: string; to: string; detectedAt: number }
  | { is: 'closed'; source: string; symbol: string; from: string; to: string; closedAt: number };

export interface OpenGap {
  source: string;
  symbol: string;
  from: string;
  to: string;
}

/** The last ticks of one source and symbol: their ids, in the order of their rows, and the newest exchange time. */
export interface StreamSeed {
  source: string;
  symbol: string;
  ids: string[];
  lastTs: number;
}

/** What earlier runs left in the database, so that a restart doubles no trade and closes the gaps that are filled later. */
export interface Seeds {
  streams: StreamSeed[];
  gaps: OpenGap[];
  /** Whether the last run took every trade; ids that it sampled out are no holes. */
  counting: boolean;
  /** What the shadow orders of earlier runs hold. */
  holdings: Holding[];
}

export const NO_SEEDS: Seeds = { streams: [], gaps: [], counting: false, holdings: [] };
