import type { Market } from '../market.ts';
import type { Holding } from '../shadow/execution.ts';

/** A hole of dense trade ids, both ends included, as a row of `gaps` is opened and closed by it. Times are wall time, ms. */
export type GapChange =
  | { is: 'opened'; source: string; market: Market; from: string; to: string; detectedAt: number }
  | { is: 'closed'; source: string; market: Market; from: string; to: string; closedAt: number };

/** An interval of dense ids that has not come, and the gap that it is part of. */
export interface SavedHole {
  from: string;
  to: string;
  source: string;
  gap: [from: string, to: string];
}

/**
 * Where the ids of one market and numbering stand: a row of `stream_positions`. A restart resumes from it, however long ago its
 * last trade was.
 */
export interface Position {
  /** The numbering's name: one market may have several (Binance trades and aggregates). */
  numbering: string;
  /** Dense: the mark below which all was seen but the holes. Else the id that was taken last. */
  lastId: string;
  /** Exchange time of the trade that was taken last, ms. */
  lastTs: number;
  /** Every trade was taken: sampling was off. */
  counting: boolean;
  /** The latest ids, in order of arrival; empty for a dense numbering. */
  ids: string[];
  holes: SavedHole[];
}

/**
 * A position and its market, as the database has them. Schema 2 knew neither venue nor numbering: `venue` is null then, and
 * `wire` the symbol that the source showed.
 */
export interface PositionSeed extends Position {
  venue: string | null;
  source?: string;
  wire: string;
}

/** What earlier runs left in the database, so that a restart doubles no trade and closes the gaps that are filled later. */
export interface Seeds {
  positions: PositionSeed[];
  /** What the shadow orders of earlier runs hold. */
  holdings: Holding[];
}

export const NO_SEEDS: Seeds = { positions: [], holdings: [] };
