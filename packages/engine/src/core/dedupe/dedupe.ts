import type { Numbering, Tick } from '../tick.ts';
import { DenseIds } from './dense-ids.ts';
import type { GapChange, Seeds } from './gaps.ts';
import { RecentIds } from './recent-ids.ts';
import { SparseIds } from './sparse-ids.ts';

/** Ids that are remembered per market: the latest of a sparse or shared numbering, and those of the past. */
const RECENT_IDS = 10_000;

/** Where a trade comes from, as far as its number is concerned. */
export interface Origin {
  name: string;
  /** A site that numbers apart from the exchange's main one; absent on the main one. */
  site?: string | undefined;
  /** The sources of the same exchange and site, this one among them. */
  kin?: readonly string[] | undefined;
}

/**
 * Exactly once per trade id, per exchange and market: two sources of one exchange share what was seen. Dense ids are held
 * as a high-water mark with the holes below it, sparse ones as a bounded set of the latest and a mark below it. Trades of an
 * exchange that does not number them all pass.
 */
export class Dedupe {
  readonly #markets = new Map<string, Market>();
  readonly #seeds: Seeds;
  /** The market of the last trade: most trades are of the same. */
  #last: { origin: Origin; wire: string; numbering: Numbering; market: Market } | null = null;
  #gaps: GapChange[] = [];

  constructor(seeds: Seeds) {
    this.#seeds = seeds;
  }

  /**
   * Whether the trade is new; it is remembered either way. `wire` is the exchange's symbol. `counting`: every trade arrives,
   * so that a jump of dense ids is a hole; false while some are sampled out. `nowMs` gives wall time, for `gaps`.
   */
  isNew(origin: Origin, wire: string, tick: Tick, numbering: Numbering | null, counting: boolean, nowMs: () => number) {
    const { tradeId, symbol } = tick;
    if (numbering === null || tradeId === null) return true;
    const { past, dense, sparse, shared } = this.#marketOf(origin, wire, symbol, numbering);
    const name = nameOf(tick, tradeId, numbering);
    if (past.has(name)) return false;
    if (shared !== null) return !shared.has(tradeId) && shared.add(name);
    if (sparse !== null) return sparse.take(tradeId, tick.ts);
    if (dense === null) return true;
    const taken = dense.take(tradeId, tick.ts, counting, origin.name);
    if (typeof taken === 'boolean') return taken;
    if ('opened' in taken) {
      const { source, from, to } = taken.opened;
      this.#gaps.push({ is: 'opened', source, symbol, from, to, detectedAt: nowMs() });
    } else {
      const { source, from, to } = taken.closed;
      this.#gaps.push({ is: 'closed', source, symbol, from, to, closedAt: nowMs() });
    }
    return true;
  }

  /** A trade of the past: never a tick, also not when it arrives again as if it were live. */
  remember(origin: Origin, wire: string, tick: Tick, numbering: Numbering | null): void {
    if (numbering === null || tick.tradeId === null) return;
    const { past, dense } = this.#marketOf(origin, wire, tick.symbol, numbering);
    past.add(nameOf(tick, tick.tradeId, numbering));
    dense?.anchor(tick.tradeId, tick.ts);
  }

  /** Gaps that were opened and closed since the last call. */
  takeGaps(): GapChange[] {
    const gaps = this.#gaps;
    if (gaps.length > 0) this.#gaps = [];
    return gaps;
  }

  #marketOf(origin: Origin, wire: string, symbol: string, numbering: Numbering): Market {
    const last = this.#last;
    if (last !== null && last.origin === origin && last.wire === wire && last.numbering === numbering)
      return last.market;
    const key = [origin.site ?? '', numbering.name, wire.toUpperCase()].join('\n');
    let market = this.#markets.get(key);
    if (market === undefined) {
      market = {
        dense: numbering.ids === 'dense' ? new DenseIds() : null,
        sparse: numbering.ids === 'sparse' ? new SparseIds(RECENT_IDS) : null,
        shared: numbering.ids === 'shared' ? new RecentIds(RECENT_IDS) : null,
        past: new RecentIds(RECENT_IDS),
        sown: new Set(),
      };
      this.#markets.set(key, market);
    }
    for (const source of origin.kin ?? [origin.name]) this.#sow(market, source, symbol);
    this.#last = { origin, wire, numbering, market };
    return market;
  }

  /** What the database holds of one source, once. */
  #sow({ dense, sparse, shared, sown }: Market, source: string, symbol: string): void {
    if (sown.has(source)) return;
    sown.add(source);
    const isIt = (known: { source: string; symbol: string }) => known.source === source && known.symbol === symbol;
    const stream = this.#seeds.streams.find(isIt);
    if (stream === undefined) return;
    dense?.seed(stream, this.#seeds.gaps.filter(isIt), this.#seeds.counting);
    sparse?.seed(stream);
    // Of the fills under one id it is not known which were taken; all of them, but at the very end of the run.
    for (const id of stream.ids) shared?.add(id);
  }
}

/** What tells a trade from the others of its market. */
const nameOf = ({ ts, price, volume }: Tick, tradeId: string | number, { ids }: Numbering): string | number =>
  ids === 'shared' ? `${tradeId} ${ts} ${price} ${volume}` : tradeId;

interface Market {
  /** One of the three, by the kind of its numbering. */
  dense: DenseIds | null;
  sparse: SparseIds | null;
  shared: RecentIds | null;
  past: RecentIds;
  /** Sources whose seeds are in it. */
  sown: Set<string>;
}
