import { displaySymbol } from './symbol.ts';

/**
 * One market: a wire symbol of a venue. Names for people (`symbol`) are never keys: rows, positions, ids and caps go by the
 * market. There is one object for each in a run, so that identity is a comparison of references.
 */
export interface Market {
  /** Order of appearance in this run, from 0: what rows carry to the writer. */
  readonly index: number;
  /** The exact host, or the name that the configuration gives. */
  readonly venue: string;
  /** The symbol as the exchange spells it. */
  readonly wire: string;
  /** What people are shown. */
  readonly symbol: string;
}

/** Where a frame comes from, as far as its markets are concerned. */
export interface MarketOrigin {
  venue: string;
  /** The symbol that the source's configuration names; undefined if it names none. */
  wireSymbol: string | undefined;
  /** The symbol that the source's URL names; empty if it names none. */
  symbol: string;
}

/** More markets than this are refused: each has a strategy, a position and a set of ids of its own. */
const MAX_MARKETS = 10_000;

/** The markets of a run. At most one a venue has the configuration's symbol. */
export class Markets {
  readonly list: Market[] = [];
  readonly #configured: string;
  readonly #byVenue = new Map<string, Map<string, Market>>();
  /** The wire symbol that shows the configuration's symbol, by venue. */
  readonly #renamed = new Map<string, string>();
  #taken = 0;

  /** `configured`: `[app] symbol`. */
  constructor(configured: string) {
    this.#configured = configured;
  }

  /** Null if there are too many already. */
  of(origin: MarketOrigin, wire: string): Market | null {
    const { venue } = origin;
    let known = this.#byVenue.get(venue);
    if (known === undefined) {
      known = new Map();
      this.#byVenue.set(venue, known);
    }
    const market = known.get(wire);
    if (market !== undefined) return market;
    if (this.list.length >= MAX_MARKETS) return null;
    const made = { index: this.list.length, venue, wire, symbol: this.#symbolOf(origin, wire) };
    known.set(wire, made);
    this.list.push(made);
    return made;
  }

  /** Those that are new since the last call. */
  takeNew(): Market[] {
    if (this.#taken === this.list.length) return [];
    const fresh = this.list.slice(this.#taken);
    this.#taken = this.list.length;
    return fresh;
  }

  #symbolOf({ venue, wireSymbol, symbol }: MarketOrigin, wire: string): string {
    const shown = displaySymbol(wire, this.#configured, wireSymbol, symbol);
    if (shown === wire) return wire;
    const renamed = this.#renamed.get(venue);
    if (renamed !== undefined && renamed !== wire) return wire;
    this.#renamed.set(venue, wire);
    return shown;
  }
}
