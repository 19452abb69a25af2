import type { FrameCounters } from './counters.ts';
import { Dedupe } from './dedupe/dedupe.ts';
import type { GapChange, Position, PositionSeed } from './dedupe/gaps.ts';
import type { OpenGaps } from './dedupe/open-gaps.ts';
import type { Stream } from './dedupe/stream.ts';
import type { FrameOrigin } from './frame-origin.ts';
import { type Market, Markets } from './market.ts';
import { PrintTimes } from './print-times.ts';
import { fillTick, type Numbering, type Tick, type Trade } from './tick.ts';

/** Where the trades of one connection, wire symbol and numbering go. */
interface Track {
  origin: FrameOrigin;
  wire: string;
  numbering: Numbering | null;
  market: Market;
  /** Null if the exchange does not number its trades. */
  stream: Stream | null;
}

export interface IntakeEvents {
  /** A new trade. The object is reused: what is kept of it must be copied. */
  tick(tick: Tick): void;
  /** For an operator, at most once a market. */
  warn(message: string, detail: Record<string, unknown>): void;
  /** Wall time, ms. */
  nowMs(): number;
}

/** From the trades of mapped frames to ticks: each trade becomes a tick once, or is counted as what else became of it. */
export class TradeIntake {
  readonly markets: Markets;
  readonly #counters: FrameCounters;
  readonly #dedupe: Dedupe;
  readonly #times = new PrintTimes();
  readonly #events: IntakeEvents;
  readonly #warned = new Set<Stream>();
  #track: Track | null = null;
  /** Scratch tick, reused for every trade. */
  readonly #tick: Tick = { market: NO_MARKET, source: '', price: 0.5, volume: 0.5, ts: 0.5, tradeId: null };

  /** `symbol`: the configuration's; `seeds`: where earlier runs stood. */
  constructor(counters: FrameCounters, symbol: string, seeds: readonly PositionSeed[], events: IntakeEvents) {
    this.#counters = counters;
    this.markets = new Markets(symbol);
    this.#dedupe = new Dedupe(seeds);
    this.#events = events;
  }

  /** Live trades. `counting`: every trade arrives, so that a jump of dense ids is a hole. */
  take(origin: FrameOrigin, trades: readonly Trade[], numbering: Numbering | null, counting: boolean): void {
    const counters = this.#counters;
    for (const trade of trades) {
      counters.trades++;
      const track = this.#trackOf(origin, trade.symbol, numbering);
      if (track === null || !this.#times.isSound(trade.ts, this.#events.nowMs)) {
        counters.trades_quarantined++;
        continue;
      }
      const tick = fillTick(this.#tick, origin.name, track.market, trade);
      if (this.#isNew(track, tick, counting)) {
        counters.ticks++;
        this.#events.tick(tick);
      } else counters.trade_duplicates++;
    }
  }

  /** Trades of the past: never ticks, but their ids are remembered. */
  remember(origin: FrameOrigin, trades: readonly Trade[], numbering: Numbering | null): void {
    this.#counters.trades += trades.length;
    this.#counters.trades_past += trades.length;
    for (const trade of trades) {
      const track = this.#trackOf(origin, trade.symbol, numbering);
      if (track === null || track.stream === null || trade.tradeId === null) continue;
      track.stream.remember(fillTick(this.#tick, origin.name, track.market, trade), trade.tradeId);
    }
  }

  /** Entries other than market trades: their ids count as seen, so that they leave no hole. */
  skip(origin: FrameOrigin, prints: readonly Trade[], numbering: Numbering | null, counting: boolean): void {
    this.#counters.trades += prints.length;
    this.#counters.prints_ignored += prints.length;
    for (const print of prints) {
      const track = this.#trackOf(origin, print.symbol, numbering);
      if (track === null || track.stream === null || print.tradeId === null) continue;
      track.stream.skip(fillTick(this.#tick, origin.name, track.market, print), print.tradeId, counting);
      this.#dedupe.changed(track.stream, this.#events.nowMs);
    }
  }

  get openGaps(): OpenGaps {
    return this.#dedupe.openGaps;
  }

  /** Gaps that were opened and closed since the last call. */
  takeGaps(): GapChange[] {
    return this.#dedupe.takeGaps();
  }

  /** The positions that have changed since the last call, by the market's index. */
  takePositions(): { market: number; position: Position }[] {
    return this.#dedupe.takePositions();
  }

  #isNew({ origin, stream, market }: Track, tick: Tick, counting: boolean): boolean {
    const { tradeId } = tick;
    if (stream === null || tradeId === null) return true;
    if (!stream.isNew(origin, tick, tradeId, counting)) return false;
    this.#dedupe.changed(stream, this.#events.nowMs);
    if (stream.standing > 0 && !this.#warned.has(stream)) {
      this.#warned.add(stream);
      const detail = { source: origin.name, venue: market.venue, symbol: market.wire, id: String(tradeId) };
      this.#events.warn('the trade id stands still: duplicates cannot be recognised', detail);
    }
    return true;
  }

  /** Cached, because consecutive trades usually share it. Null if there are too many markets. */
  #trackOf(origin: FrameOrigin, wire: string, numbering: Numbering | null): Track | null {
    const last = this.#track;
    if (last !== null && last.origin === origin && last.wire === wire && last.numbering === numbering) return last;
    const market = this.markets.of(origin, wire);
    if (market === null) return null;
    const stream = numbering === null ? null : this.#dedupe.streamOf(market, numbering, origin.name);
    this.#track = { origin, wire, numbering, market, stream };
    return this.#track;
  }
}

const NO_MARKET: Market = { index: 0, venue: '', wire: '', symbol: '' };
