import type { Config } from '@hybrid-soak/contract/config.ts';
import { newCounters, unaccounted } from './core/counters.ts';
import { Coverage } from './core/coverage.ts';
import { Dedupe } from './core/dedupe/dedupe.ts';
import { NO_SEEDS, type Seeds } from './core/dedupe/gaps.ts';
import { FrameCount } from './core/frame-count.ts';
import type { FrameFate } from './core/frame-fate.ts';
import type { FrameOrigin } from './core/frame-origin.ts';
import { looksLikeTrade, Sampler } from './core/sampling.ts';
import { type Executed, type ExecutionRules, ShadowExecution } from './core/shadow/execution.ts';
import { periodic, type Strategy, smaCrossover } from './core/strategy/strategy.ts';
import { fillTick, type Mapped, type Numbering, type Tick, type Trade } from './core/tick.ts';
import { canonicalSymbol, mapBytes } from './feeds/exchanges/map-frame.ts';
import { mapRecordedTick } from './feeds/exchanges/recorded-ticks.ts';
import type { Batch } from './store/rows/batch.ts';
import { TickColumns } from './store/rows/columns.ts';
import { pushFill, pushOrder, pushSignal } from './store/rows/flat-rows.ts';

type Rows = Omit<Batch, 'status'>;
type OtherRows = Omit<Rows, 'ticks' | 'gaps' | 'coverage'>;

/** Where the ticks of one source and wire symbol go. */
interface Lane {
  source: FrameOrigin;
  wire: string;
  symbol: string;
  state: { strategy: Strategy; signals: number };
}

const QUARANTINE_RAW_CHARS = 4096;
const QUARANTINE_PER_FLUSH = 100;

/**
 * Frame -> sampling -> mapping -> strategy -> shadow execution -> rows. Synchronous: when `onFrame` returns, the frame
 * is rows in the open batch, or counted as what else became of it.
 */
export class Pipeline {
  readonly counters = newCounters();
  /** Frames ignored, by what they call themselves. */
  readonly ignoredKinds = new Map<string, number>();
  readonly sampler: Sampler;
  readonly coverage = new Coverage();
  /** The open batch should be written now: it is as long as a transaction should be, or holds the first tick of all. */
  onDue: () => void = () => {};
  /** How long ago the frame at hand was received, ms. */
  ageMs: () => number = () => 0;
  /** The last frame could not be read, and why. */
  onUnread: (why: string) => void = () => {};
  #first = true;
  readonly #config: Config;
  readonly #execution: ShadowExecution;
  readonly #strategies = new Map<string, Lane['state']>();
  #lastLane: Lane | undefined;
  readonly #dedupe: Dedupe;
  #frames = new FrameCount();
  /** Whom the last frame was from, and how it was sampled. */
  #heard: { source: FrameOrigin | null; every: number } = { source: null, every: 1 };
  readonly #ticks: TickColumns;
  readonly #batchRows: number;
  #rows: OtherRows = noRows();
  /** The one at hand: one object for all, since nobody keeps it. */
  readonly #tick: Tick = { symbol: '', source: '', price: 0.5, volume: 0.5, ts: 0.5, tradeId: null };
  /** Ticks that may wait for the disk, the open batch included; past it new ticks are dropped and counted. */
  readonly #capacity: number;

  /** `seeds`: what the database holds already. */
  constructor(config: Config, seeds: Seeds = NO_SEEDS) {
    this.#config = config;
    this.#dedupe = new Dedupe(seeds);
    this.#capacity = config.channels.ticks;
    this.#batchRows = config.storage.batch_rows;
    this.#ticks = new TickColumns(this.#batchRows);
    this.sampler = new Sampler(config.engine.sample_every);
    const rules: ExecutionRules = {
      mode: config.mode === 'PAPER' ? 'PAPER' : 'SHADOW',
      quantity: config.engine.order_quantity,
      staleAfterMs: config.engine.stale_after_ms,
      caps: config.risk_caps,
      paper: config.paper,
    };
    this.#execution = new ShadowExecution(rules, seeds.holdings);
  }

  /** Takes a frame whole or counts it. `pending`: ticks that the writer has not committed yet. */
  onFrame(source: FrameOrigin, bytes: Buffer, pending: number): FrameFate {
    const counters = this.counters;
    counters.received++;
    if (source !== this.#heard.source || this.sampler.every !== this.#heard.every) this.#hear(source);
    if ((source.ticks === true || looksLikeTrade(bytes)) && !this.sampler.keep()) {
      counters.sampled_out++;
      return 'unparsed';
    }
    const market = source.symbol || this.#config.app.symbol;
    const mapped = source.ticks === true ? mapRecordedTick(bytes, market) : mapBytes(bytes, market);
    if (mapped.sequence !== undefined && this.sampler.every === 1) this.#countFrame(source, mapped.sequence);
    switch (mapped.is) {
      case 'trades':
        if (pending + this.#ticks.length >= this.#capacity) counters.dropped++;
        else if (this.#onTrades(source, mapped)) counters.kept++;
        else counters.duplicates++;
        if (this.#ticks.length >= this.#batchRows || (this.#first && this.#ticks.length > 0)) {
          this.#first = false;
          this.onDue();
        }
        return 'trade';
      case 'ignored':
        counters.ignored++;
        this.#countKind(mapped.kind);
        if (mapped.kind === 'unknown') this.onUnread('JSON that is no frame of a known exchange');
        return 'other';
      case 'malformed':
        counters.malformed++;
        this.#quarantine(source.name, mapped.reason, bytes);
        this.onUnread(mapped.reason);
        return 'malformed';
      case 'history':
        counters.history++;
        this.#remember(source, mapped.trades, mapped.numbering);
        return 'other';
      case 'control':
        counters.control++;
        return mapped.leaving ? 'leaving' : 'other';
      default:
        return mapped satisfies never;
    }
  }

  /** Whether the ticks that wait for the disk take half of the room that they have. */
  isHalfFull(pending: number): boolean {
    return pending + this.#ticks.length >= this.#capacity / 2;
  }

  /** The rows since the last call. */
  takeRows(): Rows {
    const ticks = this.#ticks.take();
    const rows = { ...this.#rows, ticks, gaps: this.#dedupe.takeGaps(), coverage: this.coverage.take() };
    this.#rows = noRows();
    return rows;
  }

  /** A buffer of an earlier batch, to be used again. */
  giveBack(buffer: ArrayBuffer): void {
    this.#ticks.giveBack(buffer);
  }

  /** 0, or the number of frames that were neither kept nor counted. */
  unaccounted(): number {
    return unaccounted(this.counters);
  }

  /** Whether any of them is new. */
  #onTrades(source: FrameOrigin, { trades, numbering, past }: Mapped & { is: 'trades' }): boolean {
    if (past !== undefined) this.#remember(source, past, numbering);
    const counting = this.sampler.every === 1;
    let fresh = 0;
    for (const trade of trades) {
      const lane = this.#laneOf(source, trade.symbol);
      const tick = fillTick(this.#tick, lane.source.name, lane.symbol, trade);
      if (!this.#dedupe.isNew(source, trade.symbol, tick, numbering, counting, Date.now)) continue;
      fresh++;
      this.#onTick(lane, tick);
    }
    return fresh > 0;
  }

  #remember(source: FrameOrigin, trades: Trade[], numbering: Numbering | null): void {
    for (const trade of trades) {
      const tick = fillTick(this.#tick, source.name, this.#laneOf(source, trade.symbol).symbol, trade);
      this.#dedupe.remember(source, trade.symbol, tick, numbering);
    }
  }

  /** Another source or another sampling: the ledger says which source is sampled, and frames are counted from here. */
  #hear(source: FrameOrigin): void {
    const now = Date.now();
    const { every } = this.sampler;
    if (this.#heard.every !== every) {
      this.coverage.endKind('sampled', now);
      this.#frames = new FrameCount();
    }
    if (every > 1) this.coverage.begin(source.name, 'sampled', now, `1 in ${every}`);
    this.#heard = { source, every };
  }

  #countFrame(source: FrameOrigin, sequence: number): void {
    const now = Date.now();
    const lost = this.#frames.lost(source, sequence, now);
    if (lost === null) return;
    this.coverage.add(source.name, 'gap', lost.sinceMs, now, `frames ${lost.first} to ${lost.last} never came`);
  }

  #onTick({ state }: Lane, tick: Tick): void {
    this.#ticks.append(tick);
    this.counters.ticks++;
    this.#keep(this.#execution.onTick(tick));
    const signal = state.strategy(tick);
    if (signal === null) return;
    const strategy = this.#config.engine.strategy;
    const id = tick.tradeId ?? `${tick.ts}-${++state.signals}`;
    const orderId = `${tick.source}:${tick.symbol}:${strategy}:${id}`;
    const { ts, price, symbol, source } = tick;
    const { side, reason } = signal;
    pushSignal(this.#rows.signals, { ts, symbol, source, strategy, side, price, reason });
    this.#keep(this.#execution.execute(orderId, signal, tick, this.ageMs()));
  }

  #keep(executed: Executed | null): void {
    if (executed === null) return;
    for (const order of executed.orders) pushOrder(this.#rows.orders, order);
    for (const fill of executed.fills) pushFill(this.#rows.fills, fill);
  }

  /** Per source and wire symbol: neither a failover nor BTC/USDT beside BTC/USD may fake a crossover. Mostly the last one's. */
  #laneOf(source: FrameOrigin, wire: string): Lane {
    const last = this.#lastLane;
    if (last !== undefined && last.source === source && last.wire === wire) return last;
    const symbol = canonicalSymbol(wire, this.#config.app.symbol, source.wireSymbol);
    const key = `${source.name}\n${wire}`;
    let state = this.#strategies.get(key);
    if (state === undefined) {
      const { strategy, signal_every_n_ticks: every } = this.#config.engine;
      state = { strategy: strategy === 'sma' ? smaCrossover() : periodic(every), signals: 0 };
      this.#strategies.set(key, state);
    }
    this.#lastLane = { source, wire, symbol, state };
    return this.#lastLane;
  }

  #countKind(kind: string): void {
    const known = this.ignoredKinds.has(kind) || this.ignoredKinds.size < 64 ? kind : 'other';
    this.ignoredKinds.set(known, (this.ignoredKinds.get(known) ?? 0) + 1);
  }

  #quarantine(source: string, reason: string, bytes: Buffer): void {
    if (this.#rows.quarantine.length >= QUARANTINE_PER_FLUSH) return;
    const raw = bytes.toString('utf8', 0, QUARANTINE_RAW_CHARS);
    this.#rows.quarantine.push({ source, receivedMs: Date.now(), reason, raw });
  }
}

const noRows = (): OtherRows => ({ signals: [], orders: [], fills: [], quarantine: [] });
