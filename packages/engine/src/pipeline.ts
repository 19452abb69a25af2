import type { Config } from '@hybrid-soak/contract/config.ts';
import { type FrameCounters, newCounters, unaccounted } from './core/counters.ts';
import { Coverage } from './core/coverage.ts';
import { NO_SEEDS, type Seeds } from './core/dedupe/gaps.ts';
import type { OpenGaps } from './core/dedupe/open-gaps.ts';
import { FrameCount } from './core/frame-count.ts';
import type { FrameFate } from './core/frame-fate.ts';
import type { FrameOrigin } from './core/frame-origin.ts';
import { IgnoredKinds } from './core/ignored-kinds.ts';
import type { Market } from './core/market.ts';
import { Quarantine } from './core/quarantine.ts';
import { looksLikeTrade, Sampler } from './core/sampling.ts';
import type { Executed } from './core/shadow/execution.ts';
import type { Mapped, Tick } from './core/tick.ts';
import { TradeIntake } from './core/trade-intake.ts';
import { Trading } from './core/trading.ts';
import { mapBytes } from './feeds/exchanges/map-frame.ts';
import { mapRecordedTick } from './feeds/exchanges/recorded-ticks.ts';
import type { Batch } from './store/rows/batch.ts';
import { TickColumns } from './store/rows/columns.ts';
import { RowsBuilder } from './store/rows/flat-rows.ts';

type Rows = Omit<Batch, 'status'>;

/**
 * Frame -> sampling -> mapping -> strategy -> shadow execution -> rows. Synchronous: when `onFrame` returns, the frame
 * is rows in the open batch, or counted as what else became of it.
 */
export class Pipeline {
  readonly counters = newCounters();
  readonly ignoredKinds = new IgnoredKinds();
  readonly sampler: Sampler;
  readonly coverage = new Coverage(() => ({ wallMs: Date.now(), monoMs: performance.now() }));
  /** The open batch should be written now: it is as long as a transaction should be, or holds the first tick of all. */
  onDue: () => void = () => {};
  /** How long ago the current frame was received, ms. */
  ageMs: () => number = () => 0;
  /** The last frame could not be read, and why. */
  onUnread: (why: string) => void = () => {};
  /** Something that an operator should know of a feed; at most once a market. */
  onWarning: (message: string, detail: Record<string, unknown>) => void = () => {};
  /** Frames were dropped since the rows were taken last. */
  hasDropped = false;
  #first = true;
  readonly #config: Config;
  readonly #trading: Trading;
  readonly #intake: TradeIntake;
  readonly #quarantine = new Quarantine();
  #frames = new FrameCount();
  /** Source of the last frame and its sampling rate. */
  #heard: { origin: FrameOrigin | null; every: number } = { origin: null, every: 1 };
  readonly #ticks: TickColumns;
  readonly #batchRows: number;
  readonly #signals = new RowsBuilder();
  readonly #orders = new RowsBuilder();
  readonly #fills = new RowsBuilder();
  /** Ticks that may wait for the disk, the open batch included; past it new ticks are dropped and counted. */
  readonly #capacity: number;

  /** `seeds`: what the database holds already. */
  constructor(config: Config, seeds: Seeds = NO_SEEDS) {
    this.#config = config;
    this.#capacity = config.channels.ticks;
    this.#batchRows = config.storage.batch_rows;
    this.#ticks = new TickColumns(this.#batchRows);
    this.sampler = new Sampler(config.engine.sample_every);
    this.#trading = new Trading(config, seeds.holdings);
    this.#intake = new TradeIntake(this.counters, config.app.symbol, seeds.positions, {
      tick: (tick) => this.#onTick(tick),
      warn: (message, detail) => this.onWarning(message, detail),
      nowMs: Date.now,
    });
  }

  /** Takes a frame whole or counts it. `pending`: ticks that the writer has not committed yet. */
  onFrame(origin: FrameOrigin, bytes: Buffer, pending: number): FrameFate {
    const counters = this.counters;
    counters.received++;
    if (origin !== this.#heard.origin || this.sampler.every !== this.#heard.every) this.#hear(origin);
    const ofTrades = origin.ticks === true || looksLikeTrade(bytes);
    if (ofTrades) {
      if (!this.sampler.keep()) {
        counters.sampled_out++;
        return 'unparsed';
      }
      counters.trade_frames_kept++;
    }
    const market = origin.symbol || this.#config.app.symbol;
    const mapped = origin.ticks === true ? mapRecordedTick(bytes, market) : mapBytes(bytes, market, origin);
    if (mapped.sequence !== undefined && this.sampler.every === 1) this.#countFrame(origin, mapped.sequence);
    if (mapped.is === 'trades') return this.#onTradeFrame(origin, mapped, bytes, pending);
    return this.#onOtherFrame(origin, mapped, bytes);
  }

  /** Whether the ticks that wait for the disk take half of the room that they have. */
  isHalfFull(pending: number): boolean {
    return pending + this.#ticks.length >= this.#capacity / 2;
  }

  /** The rows since the last call. */
  takeRows(): Rows {
    this.hasDropped = false;
    return {
      signals: this.#signals.take(),
      orders: this.#orders.take(),
      fills: this.#fills.take(),
      markets: this.#intake.markets.takeNew(),
      ticks: this.#ticks.take(),
      gaps: this.#intake.takeGaps(),
      coverage: this.coverage.take(),
      quarantine: this.#quarantine.take(),
      // A replay saves no position: the next live run would resume from the past.
      positions: this.#config.engine.ingest_mode === 'replay' ? [] : this.#intake.takePositions(),
    };
  }

  get openGaps(): OpenGaps {
    return this.#intake.openGaps;
  }

  /** The markets that trades have come from, by their index. */
  get markets(): readonly Market[] {
    return this.#intake.markets.list;
  }

  /** A buffer of an earlier batch, to be used again. */
  giveBack(buffer: ArrayBuffer): void {
    this.#ticks.giveBack(buffer);
  }

  /** 0, or the number of frames and trades that are in no counter. */
  unaccounted(): number {
    return unaccounted(this.counters);
  }

  /** The counters, and the ignored frames by kind. */
  totals(): FrameCounters & { ignored_kinds: Record<string, number> } {
    return { ...this.counters, ignored_kinds: this.ignoredKinds.totals() };
  }

  #onOtherFrame(origin: FrameOrigin, mapped: Exclude<Mapped, { is: 'trades' }>, bytes: Buffer): FrameFate {
    const counters = this.counters;
    switch (mapped.is) {
      case 'ignored':
        counters.ignored++;
        this.ignoredKinds.count(mapped.kind, mapped.stranger === true);
        if (mapped.kind === 'unknown') this.onUnread('JSON that is not a frame of a known exchange');
        return 'other';
      case 'malformed':
        counters.malformed++;
        this.#keepAside(origin, mapped.reason, bytes);
        this.onUnread(mapped.reason);
        return 'malformed';
      case 'history':
        counters.history++;
        this.#intake.remember(origin, mapped.trades, mapped.numbering);
        return 'other';
      case 'control':
        counters.control++;
        if (mapped.notice !== undefined) this.onWarning(mapped.notice, { source: origin.name });
        return mapped.leaving === true ? 'leaving' : 'other';
      default:
        return mapped satisfies never;
    }
  }

  #onTradeFrame(origin: FrameOrigin, mapped: Mapped & { is: 'trades' }, bytes: Buffer, pending: number): FrameFate {
    const counters = this.counters;
    if (pending + this.#ticks.length >= this.#capacity) {
      const { trades, past = [], prints = [] } = mapped;
      const all = trades.length + past.length + prints.length;
      this.hasDropped = true;
      counters.dropped++;
      counters.trades += all;
      counters.trades_dropped += all;
      return 'trade';
    }
    const before = counters.ticks;
    const quarantined = counters.trades_quarantined;
    const { trades, numbering, past, prints } = mapped;
    const counting = this.sampler.every === 1;
    if (past !== undefined) this.#intake.remember(origin, past, numbering);
    if (prints !== undefined) this.#intake.skip(origin, prints, numbering, counting);
    this.#intake.take(origin, trades, numbering, counting);
    if (counters.trades_quarantined > quarantined)
      this.#keepAside(origin, 'a trade is too far ahead in time, or of one market too many', bytes);
    const fate = this.#countTradeFrame(mapped, counters.ticks > before, counters.trades_quarantined > quarantined);
    if (this.#ticks.length >= this.#batchRows || (this.#first && this.#ticks.length > 0)) {
      this.#first = false;
      this.onDue();
    }
    return fate;
  }

  #countTradeFrame({ trades, prints }: Mapped & { is: 'trades' }, isNew: boolean, quarantined: boolean): FrameFate {
    const counters = this.counters;
    if (isNew) counters.kept++;
    else if (quarantined) counters.malformed++;
    else if (trades.length > 0) counters.duplicates++;
    else {
      counters.ignored++;
      this.ignoredKinds.count(prints === undefined ? 'no trades' : 'prints other than market trades', false);
    }
    return quarantined && !isNew ? 'malformed' : 'trade';
  }

  /** Another source or another sampling: the ledger says which source is sampled, and frames are counted from here. */
  #hear(origin: FrameOrigin): void {
    const now = Date.now();
    const { every } = this.sampler;
    if (this.#heard.every !== every) {
      this.coverage.endKind('sampled', now);
      this.#frames = new FrameCount();
    }
    if (every > 1) this.coverage.begin(origin.name, 'sampled', now, `1 in ${every}`);
    this.#heard = { origin, every };
  }

  #countFrame(origin: FrameOrigin, sequence: number): void {
    const now = Date.now();
    const lost = this.#frames.lost(origin, sequence, now);
    if (lost === null) return;
    this.coverage.add(origin.name, 'gap', lost.sinceMs, now, `frames ${lost.first} to ${lost.last} never came`);
  }

  #onTick(tick: Tick): void {
    this.#ticks.append(tick);
    this.#keep(this.#trading.onTick(tick));
    const ordered = this.#trading.signalOf(tick);
    if (ordered === null) return;
    const { market, source, ts, price } = tick;
    const { side, reason } = ordered.signal;
    this.#signals.pushSignal({ market, ts, source, strategy: ordered.strategy, side, price, reason });
    this.#keep(this.#trading.execute(ordered, tick, this.ageMs()));
  }

  #keep(executed: Executed | null): void {
    if (executed === null) return;
    for (const order of executed.orders) this.#orders.pushOrder(order);
    for (const fill of executed.fills) this.#fills.pushFill(fill);
  }

  #keepAside(origin: FrameOrigin, reason: string, bytes: Buffer): void {
    if (this.#quarantine.isFull) return;
    this.#quarantine.add(origin.name, Date.now(), reason, bytes.toString('utf8', 0, QUARANTINE_RAW_BYTES));
  }
}

const QUARANTINE_RAW_BYTES = 4096;
