import type { Config, Source } from '@hybrid-soak/contract/config.ts';
import WebSocket from 'ws';
import { type Clocks, type Deadlines, isStale, judge } from '../core/connection/liveness.ts';
import { type Loss, lossOfClose, lossOfStatus } from '../core/connection/loss.ts';
import { isObject, parseJson } from '../core/json.ts';
import type { Exchange, Reply } from './exchanges/exchange.ts';
import { type GatherReads, gatherReads } from './gather-reads.ts';

type Rules = Config['connection'];

export interface ConnectionEvents {
  /** Once: the subscription stands; where the URL subscribes, the first frame has come. */
  ready(): void;
  /** True where the frame carried live trades. */
  frame(bytes: Buffer): boolean;
  /** No trade for the threshold, and for how many milliseconds; null when trades have come again. */
  quiet(forMs: number | null): void;
  /** Once, whatever ended it; `why` is for people. `livedMs` is 0 where it was never open. */
  closed(loss: Loss, why: string, livedMs: number): void;
  /** How long reads may be gathered now; 0 = not at all. */
  coalesceMs(): number;
}

export interface Connection {
  /** Hands over what had arrived by now and was not read yet. */
  drain(): Promise<void>;
  /** Ends it at once. Nothing is called after it. */
  close(): void;
}

/** A feed that goes on sending would never be drained; what had arrived by the call is read well before. */
const DRAIN_MS = 200;

/**
 * One connection to one source, until it ends: it subscribes, waits for the answer, pings, and watches three clocks (see
 * `core/liveness.ts`). A frame beyond the size limit ends it, and redirects are refused.
 */
export const connect = (
  source: Source,
  exchange: Exchange | undefined,
  rules: Rules,
  events: ConnectionEvents,
): Connection => new SourceConnection(source, exchange, rules, events);

const now = () => performance.now();

class SourceConnection implements Connection {
  readonly #socket: WebSocket;
  readonly #reads: GatherReads;
  readonly #exchange: Exchange | undefined;
  readonly #symbol: string;
  readonly #deadlines: Deadlines;
  readonly #events: ConnectionEvents;
  readonly #watch: NodeJS.Timeout;
  /** Null until it is open. */
  #clocks: Clocks | null = null;
  /** Frames, and those with trades, since the last look. */
  #frames = 0;
  #trades = 0;
  #ready = false;
  #quiet = false;
  #ended = false;

  constructor(source: Source, exchange: Exchange | undefined, rules: Rules, events: ConnectionEvents) {
    this.#exchange = exchange;
    this.#symbol = source.symbol ?? '';
    this.#deadlines = deadlinesOf(source, rules);
    this.#events = events;
    this.#socket = new WebSocket(source.url, {
      handshakeTimeout: rules.handshake_timeout_ms,
      maxPayload: rules.max_payload_bytes,
      perMessageDeflate: false,
      skipUTF8Validation: true,
      followRedirects: false,
    });
    this.#reads = gatherReads(this.#socket);
    this.#listen();
    this.#watch = setInterval(() => this.#look(), Math.min(1000, ...Object.values(this.#deadlines)));
  }

  async drain(): Promise<void> {
    this.#reads.set(0);
    const until = now() + DRAIN_MS;
    // Gathered reads begin again in the turn after the call, so that one without a frame is no end yet.
    for (let silent = 0; silent < 2 && now() < until; ) {
      const before = this.#frames;
      await new Promise((resolve) => setImmediate(resolve));
      silent = this.#frames === before ? silent + 1 : 0;
    }
  }

  close(): void {
    this.#ended = true;
    clearInterval(this.#watch);
    this.#reads.set(0);
    this.#socket.terminate();
  }

  #listen(): void {
    const socket = this.#socket;
    const seen = () => {
      if (this.#clocks !== null) this.#clocks.socketAt = now();
    };
    socket.on('open', () => this.#opened());
    socket.on('ping', seen);
    socket.on('pong', seen);
    socket.on('message', (data) => this.#received(data as Buffer));
    socket.on('unexpected-response', (_request, { statusCode = 0 }) => {
      this.#end(lossOfStatus(statusCode), `the handshake was answered ${statusCode}`);
    });
    socket.on('error', (error) => this.#end('failed', error.message));
    socket.on('close', (code, reason) => {
      this.#end(lossOfClose(code), `closed ${code} ${reason.toString('latin1').slice(0, 80)}`.trim());
    });
  }

  #opened(): void {
    const openedAt = now();
    const requests = this.#exchange?.subscribe(this.#symbol) ?? [];
    const subscribing = requests.length > 0;
    this.#clocks = { openedAt, socketAt: openedAt, frameAt: null, tradeAt: null, pingedAt: null, subscribing };
    for (const request of requests) this.#socket.send(request);
  }

  #received(bytes: Buffer): void {
    const clocks = this.#clocks;
    if (this.#ended || clocks === null) return;
    this.#reads.count(bytes.length);
    this.#frames++;
    if (this.#ready && !this.#quiet) {
      // The clock is read once a look and not once a frame: an idle time is late by at most one look.
      if (this.#events.frame(bytes)) this.#trades++;
      return;
    }
    const at = now();
    clocks.socketAt = at;
    clocks.frameAt = at;
    const reply = clocks.subscribing ? this.#replyIn(bytes) : undefined;
    if (!this.#ready && (!clocks.subscribing || reply?.accepted)) this.#setReady(clocks, at);
    const traded = this.#events.frame(bytes);
    if (reply?.accepted === false) this.#end('refused', `subscription rejected: ${reply.why}`);
    if (!traded || this.#ended) return;
    // Trades may come ahead of the acknowledgement, and say as much.
    if (!this.#ready) this.#setReady(clocks, at);
    clocks.tradeAt = at;
    if (this.#quiet) this.#setQuiet(null);
  }

  #replyIn(bytes: Buffer): Reply | undefined {
    const frame = parseJson(bytes.toString('utf8'));
    return isObject(frame) ? this.#exchange?.reply(frame, this.#symbol) : undefined;
  }

  #setReady(clocks: Clocks, at: number): void {
    clocks.subscribing = false;
    clocks.tradeAt = at;
    this.#ready = true;
    this.#reads.set(this.#events.coalesceMs());
    this.#events.ready();
  }

  #setQuiet(forMs: number | null): void {
    this.#quiet = forMs !== null;
    this.#events.quiet(forMs);
  }

  #look(): void {
    const clocks = this.#clocks;
    if (clocks === null) return;
    const at = now();
    if (this.#frames > 0) {
      clocks.socketAt = at;
      clocks.frameAt = at;
      if (this.#trades > 0) clocks.tradeAt = at;
      this.#frames = 0;
      this.#trades = 0;
    }
    if (this.#ready) this.#reads.set(this.#events.coalesceMs());
    const judgement = judge(clocks, this.#deadlines, at);
    if (judgement.is === 'dead') {
      this.#end('failed', judgement.why);
      return;
    }
    if (judgement.is === 'ping due') {
      clocks.pingedAt = at;
      this.#socket.ping();
    }
    const { tradeAt } = clocks;
    if (tradeAt !== null && !this.#quiet && isStale(clocks, this.#deadlines, at)) this.#setQuiet(at - tradeAt);
  }

  #end(loss: Loss, why: string): void {
    if (this.#ended) return;
    this.close();
    this.#events.closed(loss, why, this.#clocks === null ? 0 : now() - this.#clocks.openedAt);
  }
}

function deadlinesOf(source: Source, rules: Rules): Deadlines {
  const { subscribe_timeout_ms, first_frame_timeout_ms, ping_interval_ms, pong_timeout_ms } = rules;
  return {
    subscribe_timeout_ms,
    first_frame_timeout_ms,
    ping_interval_ms,
    pong_timeout_ms,
    idle_timeout_ms: source.idle_timeout_ms ?? rules.idle_timeout_ms,
    trade_stale_ms: source.trade_stale_ms ?? rules.trade_stale_ms,
  };
}
