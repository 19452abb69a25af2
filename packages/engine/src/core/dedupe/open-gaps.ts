import type { GapChange } from './gaps.ts';

/** The open gaps of one market that one source has found. */
export interface MarketGaps {
  source: string;
  /** Venue and the name on the wire. */
  market: string;
  gaps: number;
  missing: number;
}

interface Held {
  width: number;
  of: MarketGaps;
}

/**
 * The gaps that this process has found and that are still open. A gap that is filled in part counts whole until it is closed;
 * one of an earlier life is not counted.
 */
export class OpenGaps {
  readonly #held = new Map<string, Held>();
  readonly #markets = new Map<string, MarketGaps>();
  #missing = 0;

  get count(): number {
    return this.#held.size;
  }

  /** Trades in them. */
  get missing(): number {
    return this.#missing;
  }

  /** Where the most trades are missing. */
  worst(most: number): MarketGaps[] {
    if (this.#markets.size === 0) return [];
    return [...this.#markets.values()].sort((a, b) => b.missing - a.missing).slice(0, most);
  }

  follow(change: GapChange): void {
    const { is, market, from, to } = change;
    const key = `${market.index} ${from} ${to}`;
    this.#close(key);
    if (is === 'closed') return;
    // Ids may be past what a number holds exactly; their difference is not.
    const width = Number(BigInt(to) - BigInt(from)) + 1;
    const of = this.#marketOf(change);
    of.gaps++;
    of.missing += width;
    this.#missing += width;
    this.#held.set(key, { width, of });
  }

  #close(key: string): void {
    const held = this.#held.get(key);
    if (held === undefined) return;
    this.#held.delete(key);
    this.#missing -= held.width;
    held.of.missing -= held.width;
    held.of.gaps--;
    if (held.of.gaps === 0) this.#markets.delete(keyOf(held.of));
  }

  #marketOf({ source, market: { venue, wire } }: GapChange): MarketGaps {
    const fresh = { source, market: `${venue} ${wire}`, gaps: 0, missing: 0 };
    const known = this.#markets.get(keyOf(fresh));
    if (known !== undefined) return known;
    this.#markets.set(keyOf(fresh), fresh);
    return fresh;
  }
}

const keyOf = ({ source, market }: MarketGaps) => JSON.stringify([source, market]);
