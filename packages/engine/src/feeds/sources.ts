import type { Source } from '@hybrid-soak/contract/config.ts';
import { chooseNext, chooseProbe, chooseRival, raceMs, wantsProbe } from '../core/connection/choose.ts';
import type { Loss } from '../core/connection/loss.ts';
import { Outage } from '../core/connection/outage.ts';
import type { FrameOrigin } from '../core/frame-origin.ts';
import type { Feed, FeedEvents } from './feed.ts';
import { healthOf, type Lane, lanesOf, type SourcesRules } from './lanes.ts';
import { type Line, stateTexts } from './line.ts';
import { SourceLedger } from './source-ledger.ts';
import { type ConnectionRules, connect } from './websocket.ts';

/** A source with malformed trades is left after this, or a third of the process's own deadline. */
const FORMAT_PATIENCE_MS = 10_000;
/** After this an engine without a connection is disconnected, not starting. */
const STARTING_MS = 10_000;
const LOOK_MS = 1000;

/** Connects to the sources, in order of priority, until it is stopped. */
export const startSources = (sources: Source[], rules: SourcesRules, events: FeedEvents): Feed =>
  new Sources(sources, rules, events);

/**
 * One source at work. A lost one is left for the next at once, unless it left in good order; each waits out its own backoff.
 * Beside the working one another may be probed: a better one, any if the working one has no trades or is about to be closed,
 * and the next one if an attempt takes long. The working one is dropped only when the other has delivered a trade.
 */
class Sources implements Feed {
  readonly #lanes: Lane[];
  readonly #rules: SourcesRules;
  readonly #connectionRules: ConnectionRules;
  readonly #events: FeedEvents;
  readonly #outage: Outage;
  readonly #startedAt = performance.now();
  #active: Line | null = null;
  #probe: Line | null = null;
  #lastProbed = -1;
  readonly #ledger: SourceLedger;
  readonly #stateText = stateTexts();
  #established = false;
  #stopped = false;
  #retry: NodeJS.Timeout | undefined;
  #nextProbe: NodeJS.Timeout | undefined;
  readonly #endLooks: () => void;

  constructor(sources: Source[], rules: SourcesRules, events: FeedEvents) {
    const { connection, clock, coalesceMs, unreachableMs, garbageMs, learnt } = rules;
    this.#rules = rules;
    const formatPatienceMs = Math.min(FORMAT_PATIENCE_MS, garbageMs / 3);
    this.#connectionRules = { connection, clock, coalesceMs, formatPatienceMs };
    this.#events = events;
    this.#ledger = new SourceLedger(events.coverage);
    this.#outage = new Outage(rules, this.#startedAt);
    this.#lanes = lanesOf(sources, connection, learnt);
    this.#endLooks = clock.every(Math.min(LOOK_MS, unreachableMs, garbageMs), (nowMs) => {
      const verdict = this.#outage.look(this.#lanes, nowMs);
      if (verdict !== null) events.hopeless(verdict.is, verdict.forMs);
    });
    const valid = 'exchange = "…" in its source, if it needs a subscription';
    for (const { source } of this.#lanes.filter(({ exchange }) => exchange === undefined))
      events.log('info', 'unknown exchange: no subscription sent', { source: source.name, valid });
    this.#reconnect(chooseNext(this.#lanes, null, performance.now()), true);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#nextProbe);
    this.#endLooks();
    await this.#active?.connection.drain();
    this.#active?.connection.close();
    this.#probe?.connection.close();
  }

  state(): string {
    return this.#stateText(this.#active);
  }

  connection(): 'starting' | 'connected' | 'disconnected' {
    if (this.#active?.ready) return 'connected';
    const untried = this.#lanes.some(({ failedAt }) => failedAt === null);
    const early = performance.now() - this.#startedAt < STARTING_MS;
    return !this.#established && untried && early ? 'starting' : 'disconnected';
  }

  #open(lane: Lane): Line {
    const from: FrameOrigin = { ...lane.from };
    const connection = connect(lane.source, lane.exchange, this.#connectionRules, {
      ready: () => {
        line.ready = true;
        if (line === this.#active) this.#stands(line);
        else if (line === this.#probe && this.#active?.ready !== true) this.#takeOver(line);
      },
      frame: (bytes) => {
        const fate = this.#events.frame(from, bytes);
        if (fate === 'trade') {
          this.#outage.trade();
          if (line === this.#probe) this.#takeOver(line);
        } else if (fate === 'malformed') {
          this.#outage.malformed(performance.now());
        }
        return fate;
      },
      quiet: (forMs) => this.#quiet(line, forMs),
      leaving: () => this.#leaving(line),
      closed: (loss, why, livedMs, askedMs) => {
        const again = this.#noteLoss(line, loss, livedMs, askedMs);
        if (line === this.#probe) this.#endProbe(why);
        else this.#lost(line, why, again);
      },
    });
    const line: Line = { lane, connection, ready: false, stale: false, leaving: false };
    return line;
  }

  /** True if the same source should be tried again before any other. */
  #noteLoss(line: Line, loss: Loss, livedMs: number, askedMs: number | null): boolean {
    const { lane } = line;
    const now = performance.now();
    const again = lane.backoff.lost(loss, livedMs, now, askedMs);
    this.#outage.ended(lane, loss, now);
    // A second connection to the working source says nothing about the first.
    if (line !== this.#active && lane === this.#active?.lane && this.#active.ready) return again;
    lane.failedAt = now;
    this.#events.learnt?.(healthOf(lane, loss));
    return again;
  }

  #stands({ lane }: Line): void {
    const { name } = lane.source;
    this.#established = true;
    this.#outage.up();
    if (lane.failedAt !== null) this.#events.learnt?.(healthOf(lane, 'ok'));
    lane.failedAt = null;
    this.#ledger.connected(name, lane.index > 0 ? (this.#lanes[0]?.source.name ?? null) : null);
    this.#events.log('info', 'connected', { source: name });
    this.#scheduleProbe();
  }

  #lost(line: Line, why: string, again: boolean): void {
    const { name } = line.lane.source;
    this.#events.log('warn', 'source lost', { source: name, why });
    this.#ledger.retired(name);
    this.#active = this.#probe;
    this.#probe = null;
    if (this.#active?.ready) {
      this.#stands(this.#active);
      return;
    }
    const now = performance.now();
    this.#outage.down(now);
    this.#ledger.gap(name, why);
    if (this.#active === null) this.#reconnect(again ? line.lane : chooseNext(this.#lanes, line.lane, now));
    else this.#scheduleProbe();
  }

  /** `first`: at once, not a turn later: the kernel connects while the rest of the run is set up. */
  #reconnect(lane: Lane, first = false): void {
    if (this.#stopped) return;
    const begin = () => {
      this.#active = this.#open(lane);
      this.#scheduleProbe();
    };
    const restMs = Math.max(0, lane.backoff.readyAtWhileDown() - performance.now());
    if (first && restMs === 0) begin();
    else this.#retry = setTimeout(begin, restMs);
  }

  #takeOver(line: Line): void {
    const before = this.#active;
    this.#active = line;
    this.#probe = null;
    if (before !== null) {
      const [source, from] = [line.lane.source.name, before.lane.source.name];
      before.connection.close();
      this.#ledger.retired(from);
      this.#events.log('info', line.lane.index < before.lane.index ? 'failed back' : 'took over', { source, from });
    }
    if (line.ready) this.#stands(line);
  }

  /** `forMs`: how long a ready connection has had no trade; null if trades have come again. */
  #quiet(line: Line, forMs: number | null): void {
    line.stale = forMs !== null;
    const { name } = line.lane.source;
    if (line === this.#probe && forMs !== null) {
      line.connection.close();
      this.#endProbe('no trade');
    } else if (line === this.#active && forMs !== null) {
      this.#ledger.quiet(name, forMs);
      this.#events.log('warn', 'no trades', { source: name, for_ms: Math.round(forMs) });
      this.#startProbe();
    } else if (line === this.#active) {
      this.#ledger.lively(name);
      if (this.#probe === null || this.#probe.lane.index < line.lane.index || line.leaving) return;
      this.#probe.connection.close();
      this.#endProbe('no longer needed');
    }
  }

  /** The next connection is made before this one ends, so that no trade is missed between them. */
  #leaving(line: Line): void {
    if (line.leaving) return;
    line.leaving = true;
    if (line !== this.#active) return;
    this.#events.log('info', 'the exchange announces the end of the connection', { source: line.lane.source.name });
    this.#startProbe();
  }

  #scheduleProbe(): void {
    clearTimeout(this.#nextProbe);
    const active = this.#active;
    if (this.#stopped || active === null) return;
    if (active.ready && !wantsProbe(active)) return;
    const { failback_probe_ms } = this.#rules.connection;
    const isUrgent = !active.ready || active.leaving;
    this.#nextProbe = setTimeout(() => this.#startProbe(), isUrgent ? raceMs(this.#lanes.length) : failback_probe_ms);
  }

  #startProbe(): void {
    const active = this.#active;
    if (this.#stopped || active === null) return;
    const now = performance.now();
    if (!active.ready) {
      this.#race(active, now);
    } else if (this.#probe === null) {
      const lane = chooseProbe(this.#lanes, active, this.#lastProbed, now);
      if (lane !== undefined) this.#lastProbed = lane.index;
      if (lane !== undefined) this.#probe = this.#open(lane);
      else this.#scheduleProbe();
    }
  }

  /** A second attempt beside one that takes long, then another: only a new attempt notices that an exchange is back. */
  #race(active: Line, now: number): void {
    if (this.#probe !== null) {
      this.#probe.connection.close();
      this.#probe.lane.failedAt = now;
    }
    this.#probe = this.#open(chooseRival(this.#lanes, active.lane, now));
    this.#scheduleProbe();
  }

  #endProbe(why: string): void {
    const name = this.#probe?.lane.source.name ?? '';
    this.#events.log('info', 'probe ended', { source: name, why });
    if (name !== this.#active?.lane.source.name) this.#ledger.probeEnded(name);
    this.#probe = null;
    this.#scheduleProbe();
  }
}
