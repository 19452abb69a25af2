import type { Config, Source } from '@hybrid-soak/contract/config.ts';
import { Backoff } from '../core/connection/backoff.ts';
import type { FrameOrigin } from '../core/frame-origin.ts';
import type { Feed, FeedEvents } from './feed.ts';
import { type Lane, lanesOf } from './lanes.ts';
import { type Connection, connect } from './websocket.ts';

type Rules = Config['connection'];

/** A connection that is being made or stands, and whose it is. */
interface Line {
  lane: Lane;
  connection: Connection;
  ready: boolean;
  stale: boolean;
}

/** Connects to the sources, in order of priority, until it is stopped. `coalesceMs`: how long reads may be gathered now. */
export const startSources = (sources: Source[], rules: Rules, events: FeedEvents, coalesceMs: () => number): Feed =>
  new Sources(sources, rules, events, coalesceMs);

/**
 * One source at work. A lost one is left for the next at once, unless it left in good order; each waits out its own backoff.
 * While a lower one works, or the working one has no trades, others are probed, and the working one is dropped only when
 * the other has delivered a trade.
 */
class Sources implements Feed {
  readonly #lanes: Lane[];
  readonly #rules: Rules;
  readonly #events: FeedEvents;
  readonly #coalesceMs: () => number;
  #active: Line | null = null;
  #probe: Line | null = null;
  #lastProbed = -1;
  /** The source whose loss began the gap that is open. */
  #gap: string | null = null;
  #downSince: number | null = performance.now();
  #stopped = false;
  #retry: NodeJS.Timeout | undefined;
  #nextProbe: NodeJS.Timeout | undefined;
  readonly #clock: NodeJS.Timeout;

  constructor(sources: Source[], rules: Rules, events: FeedEvents, coalesceMs: () => number) {
    this.#rules = rules;
    this.#coalesceMs = coalesceMs;
    this.#events = events;
    this.#lanes = lanesOf(sources, () => new Backoff(rules, Math.random));
    this.#clock = setInterval(() => {
      if (this.#downSince !== null) events.unreachable(performance.now() - this.#downSince);
    }, 500);
    for (const { source, exchange } of this.#lanes) {
      const detail = { source: source.name, valid: 'exchange = "…" in its source, if the feed has to be asked' };
      if (exchange === undefined) events.log('info', 'no exchange is known by the URL: nothing is asked for', detail);
    }
    this.#active = this.#open(this.#lanes[0] as Lane);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    clearTimeout(this.#nextProbe);
    clearInterval(this.#clock);
    await this.#active?.connection.drain();
    this.#active?.connection.close();
    this.#probe?.connection.close();
  }

  state(): string {
    if (this.#active === null) return 'disconnected';
    const { lane, ready, stale } = this.#active;
    const { name } = lane.source;
    if (!ready) return `connecting to ${name}`;
    return stale ? `connected to ${name}, no trades` : `connected to ${name}`;
  }

  connection(): 'starting' | 'connected' | 'disconnected' {
    if (this.#downSince === null) return 'connected';
    return this.#gap === null ? 'starting' : 'disconnected';
  }

  #open(lane: Lane): Line {
    const from: FrameOrigin = { ...lane.from };
    const connection = connect(lane.source, lane.exchange, this.#rules, {
      ready: () => {
        line.ready = true;
        if (line === this.#active) this.#established(line);
      },
      frame: (bytes) => {
        const traded = this.#events.frame(from, bytes);
        if (traded && line === this.#probe) this.#takeOver(line);
        return traded;
      },
      quiet: (forMs) => this.#quiet(line, forMs),
      closed: (loss, why, livedMs) => {
        const again = lane.backoff.lost(loss, livedMs, performance.now());
        if (line === this.#probe) this.#endProbe(why);
        else this.#lost(line, why, again);
      },
      coalesceMs: this.#coalesceMs,
    });
    const line: Line = { lane, connection, ready: false, stale: false };
    return line;
  }

  #established({ lane }: Line): void {
    const { name } = lane.source;
    const { coverage, log } = this.#events;
    const now = Date.now();
    if (this.#gap !== null) coverage?.end(this.#gap, 'gap', now);
    this.#gap = null;
    this.#downSince = null;
    coverage?.begin(name, 'connected', now);
    if (lane.index > 0) coverage?.begin(name, 'failover', now, `instead of ${this.#lanes[0]?.source.name}`);
    log('info', 'connected', { source: name });
    this.#scheduleProbe();
  }

  #lost(line: Line, why: string, again: boolean): void {
    const { name } = line.lane.source;
    this.#events.log('warn', 'source lost', { source: name, why });
    this.#retire(line);
    this.#active = this.#probe;
    this.#probe = null;
    if (this.#active?.ready) {
      this.#established(this.#active);
      return;
    }
    this.#downSince ??= performance.now();
    if (this.#gap === null) this.#events.coverage?.begin(name, 'gap', Date.now(), why);
    this.#gap ??= name;
    if (this.#active === null) this.#reconnect(again ? line.lane : this.#next(line.lane, performance.now()));
  }

  #reconnect(lane: Lane): void {
    if (this.#stopped) return;
    this.#retry = setTimeout(
      () => {
        this.#active = this.#open(lane);
      },
      Math.max(0, lane.backoff.readyAt - performance.now()),
    );
  }

  /** The best of the others that may be tried now, however short the lost one's backoff; else the one that may be tried first. */
  #next(lost: Lane, now: number): Lane {
    const ready = this.#lanes.find((lane) => lane !== lost && lane.backoff.readyAt <= now);
    return ready ?? this.#lanes.reduce((a, b) => (b.backoff.readyAt < a.backoff.readyAt ? b : a));
  }

  /** The connection has ended or is ended here: what it covered is over. */
  #retire({ lane }: Line): void {
    const now = Date.now();
    for (const kind of ['connected', 'failover', 'stale', 'sampled'] as const)
      this.#events.coverage?.end(lane.source.name, kind, now);
  }

  #takeOver(line: Line): void {
    const before = this.#active;
    this.#active = line;
    this.#probe = null;
    if (before !== null) {
      before.connection.close();
      this.#retire(before);
      const failedBack = line.lane.index < before.lane.index;
      const detail = { source: line.lane.source.name, from: before.lane.source.name };
      this.#events.log('info', failedBack ? 'failed back' : 'took over', detail);
    }
    if (line.ready) this.#established(line);
  }

  /** `forMs`: how long a connection that stands has had no trade; null where trades have come again. */
  #quiet(line: Line, forMs: number | null): void {
    line.stale = forMs !== null;
    if (line === this.#probe && forMs !== null) {
      line.connection.close();
      this.#endProbe('no trade');
    } else if (line === this.#active) {
      if (forMs === null) this.#cameAlive(line);
      else this.#wentQuiet(line, forMs);
    }
  }

  #wentQuiet(line: Line, forMs: number): void {
    const { name } = line.lane.source;
    this.#events.coverage?.begin(name, 'stale', Date.now() - Math.round(forMs));
    this.#events.log('warn', 'no trades', { source: name, for_ms: Math.round(forMs) });
    this.#startProbe();
  }

  #cameAlive(line: Line): void {
    this.#events.coverage?.end(line.lane.source.name, 'stale', Date.now());
    if (this.#probe === null || this.#probe.lane.index < line.lane.index) return;
    this.#probe.connection.close();
    this.#endProbe('no longer needed');
  }

  #scheduleProbe(): void {
    clearTimeout(this.#nextProbe);
    const active = this.#active;
    if (this.#stopped || active === null || (active.lane.index === 0 && !active.stale)) return;
    this.#nextProbe = setTimeout(() => this.#startProbe(), this.#rules.failback_probe_ms);
  }

  /** In turn: the better ones, or, where the working one has no trades, all others; itself where it is the only one. */
  #startProbe(): void {
    const active = this.#active;
    if (active === null || this.#probe !== null) return;
    const now = performance.now();
    const able = this.#lanes.filter((lane) => {
      const wanted = lane.index < active.lane.index || (active.stale && lane !== active.lane);
      return (wanted || (active.stale && this.#lanes.length === 1)) && lane.backoff.readyAt <= now;
    });
    const lane = able.find(({ index }) => index > this.#lastProbed) ?? able[0];
    if (lane === undefined) {
      this.#scheduleProbe();
    } else {
      this.#lastProbed = lane.index;
      this.#probe = this.#open(lane);
    }
  }

  #endProbe(why: string): void {
    const name = this.#probe?.lane.source.name ?? '';
    this.#events.log('info', 'probe ended', { source: name, why });
    if (name !== this.#active?.lane.source.name) this.#events.coverage?.end(name, 'sampled', Date.now());
    this.#probe = null;
    this.#scheduleProbe();
  }
}
