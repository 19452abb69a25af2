import type { Config, Source } from '@hybrid-soak/contract/config.ts';
import { errorText } from '@hybrid-soak/contract/error-text.ts';
import { maskUrls } from '@hybrid-soak/contract/mask-url.ts';
import type WebSocket from 'ws';
import type { Clock } from '../core/clock.ts';
import { Format } from '../core/connection/format.ts';
import { type Clocks, isStale, judgeLiveness, type Limits, limitsOf, restsUntil } from '../core/connection/liveness.ts';
import { type Loss, lossOfClose, lossOfStatus, retryAfterMs } from '../core/connection/loss.ts';
import type { FrameFate } from '../core/frame-fate.ts';
import { isObject, parseJson } from '../core/json.ts';
import type { DirectReads } from './direct-reads.ts';
import type { Exchange, Reply } from './exchanges/exchange.ts';
import { type GatherReads, gatherReads } from './gather-reads.ts';
import { openSocket } from './open-socket.ts';
import { readFrames } from './read-frames.ts';

export interface ConnectionEvents {
  /** Once: the subscription stands, or, if the URL subscribes, the first sign of life has come. */
  ready(): void;
  frame(bytes: Buffer): FrameFate;
  /** No trade for the threshold, and for how many milliseconds; null when trades have come again. */
  quiet(forMs: number | null): void;
  /** The exchange announces that it will close this connection. May be repeated. */
  leaving(): void;
  /**
   * Once, whatever ended it; `why` is for people. `livedMs` is 0 if it was never open. `askedMs`: the rest that the server has
   * asked for, null if it has not.
   */
  closed(loss: Loss, why: string, livedMs: number, askedMs: number | null): void;
}

/** What all connections have in common. */
export interface ConnectionRules {
  connection: Config['connection'];
  /** Malformed trades without a good one for this long end a connection. */
  formatPatienceMs: number;
  clock: Clock;
  /** How long reads may be gathered now; 0 = not at all. */
  coalesceMs(): number;
}

export interface Connection {
  /** Hands over what has arrived by now and was not read yet. */
  drain(): Promise<void>;
  /** Closes immediately; no event fires afterwards. */
  close(): void;
}

/** A feed that goes on sending would never be drained; what had arrived by the call is read well before. */
const DRAIN_MS = 200;
/** Turns of the loop that it has at least: a process that waits for a CPU may have used up its time without one. */
const DRAIN_TURNS = 50;

/**
 * One connection to one source, until it ends: it subscribes, waits for the answer, pings, and watches its clocks (see
 * `core/connection/liveness.ts`) and the format of its trades. A frame beyond the size limit ends it; redirects are refused.
 */
export const connect = (
  source: Source,
  exchange: Exchange | undefined,
  rules: ConnectionRules,
  events: ConnectionEvents,
): Connection => new SourceConnection(source, exchange, rules, events);

const now = () => performance.now();

class SourceConnection implements Connection {
  readonly #socket: WebSocket;
  readonly #reads: GatherReads;
  readonly #exchange: Exchange | undefined;
  readonly #symbol: string;
  readonly #limits: Limits;
  readonly #rules: ConnectionRules;
  readonly #format: Format;
  readonly #events: ConnectionEvents;
  /** Ends the periodic work. */
  readonly #ends: (() => void)[];
  /** Null until it is open. */
  #clocks: Clocks | null = null;
  /** Frames, and those with trades, since the last look. */
  #frames = 0;
  #trades = 0;
  /** Without a frame no look is needed before, monotonic ms. */
  #restsUntil = 0;
  #ready = false;
  #quiet = false;
  #ended = false;

  constructor(source: Source, exchange: Exchange | undefined, rules: ConnectionRules, events: ConnectionEvents) {
    this.#exchange = exchange;
    this.#symbol = source.symbol ?? '';
    this.#limits = limitsOf(source, rules.connection);
    this.#rules = rules;
    this.#format = new Format(rules.formatPatienceMs);
    this.#events = events;
    const { webSocket, direct } = openSocket(source.url, rules.connection, process.env);
    this.#socket = webSocket;
    this.#reads = gatherReads(webSocket);
    this.#listen(direct);
    this.#ends = [rules.clock.every(Math.min(1000, ...Object.values(this.#limits)), (at) => this.#look(at))];
  }

  async drain(): Promise<void> {
    this.#reads.set(0);
    const until = now() + DRAIN_MS;
    // Gathered reads resume in the turn after the call, so one turn without a frame is not the end yet.
    for (let turn = 0, silent = 0; silent < 2 && (turn < DRAIN_TURNS || now() < until); turn++) {
      const before = this.#frames;
      await new Promise((resolve) => setImmediate(resolve));
      silent = this.#frames === before ? silent + 1 : 0;
    }
  }

  close(): void {
    this.#ended = true;
    for (const end of this.#ends) end();
    this.#reads.set(0);
    this.#socket.terminate();
  }

  #listen(direct?: DirectReads): void {
    const socket = this.#socket;
    socket.on('upgrade', ({ socket: stream }) => {
      const { max_payload_bytes: longest } = this.#rules.connection;
      socket.on('open', () => readFrames(socket, stream, longest, (bytes) => this.#received(bytes), direct));
    });
    socket.on('open', () => this.#opened());
    socket.on('ping', () => this.#sign());
    socket.on('pong', () => this.#sign());
    socket.on('message', (data) => this.#received(data as Buffer));
    socket.on('unexpected-response', (_request, { statusCode = 0, headers }) => {
      const askedMs = retryAfterMs(headers['retry-after'], Date.now());
      const asked = askedMs === null ? '' : `, to ask again after ${Math.ceil(askedMs / 1000)} s`;
      this.#end(lossOfStatus(statusCode), `the handshake was answered ${statusCode}${asked}`, askedMs);
    });
    socket.on('error', (error) => this.#end('failed', maskUrls(errorText(error))));
    socket.on('close', (code, reason) => {
      this.#end(lossOfClose(code), `closed ${code} ${reason.toString('latin1').slice(0, 80)}`.trim());
    });
  }

  #opened(): void {
    const openedAt = now();
    const requests = this.#exchange?.subscribe(this.#symbol) ?? [];
    const subscribing = requests.length > 0;
    this.#clocks = { openedAt, signAt: null, tradeAt: null, pingedAt: openedAt, subscribing };
    for (const request of requests) this.#socket.send(request);
    this.#socket.ping();
    const { keepAlive } = this.#exchange ?? {};
    if (keepAlive === undefined) return;
    this.#ends.push(this.#rules.clock.every(keepAlive.everyMs, () => this.#socket.send(keepAlive.text)));
  }

  /** The peer lives, whether it has anything to say or not. */
  #sign(): void {
    const clocks = this.#clocks;
    if (this.#ended || clocks === null) return;
    clocks.signAt = now();
    if (!this.#ready && !clocks.subscribing) this.#setReady(clocks, clocks.signAt);
  }

  #received(bytes: Buffer): void {
    const clocks = this.#clocks;
    if (this.#ended || clocks === null) return;
    this.#reads.count(bytes.length);
    this.#frames++;
    if (this.#ready && !this.#quiet) {
      // The clock is read once a look and not once a frame: an idle time is late by at most one look.
      const fate = this.#events.frame(bytes);
      if (fate !== 'trade' || this.#format.isSuspect) this.#noteUnusual(fate);
      else this.#trades++;
      return;
    }
    const at = now();
    clocks.signAt = at;
    const reply = clocks.subscribing ? this.#replyIn(bytes) : undefined;
    if (!this.#ready && (!clocks.subscribing || reply?.accepted)) this.#setReady(clocks, at);
    const fate = this.#events.frame(bytes);
    if (reply?.accepted === false) this.#end('refused', `subscription to ${this.#symbol} rejected: ${reply.why}`);
    const traded = this.#noteUnusual(fate);
    if (!traded || this.#ended) return;
    // Trades may arrive before the acknowledgement, and are as good as one.
    if (!this.#ready) this.#setReady(clocks, at);
    clocks.tradeAt = at;
    if (this.#quiet) this.#setQuiet(null);
  }

  /** Whether the frame moves the clock of trades: one that was not read counts as the last one that was. */
  #noteUnusual(fate: FrameFate): boolean {
    if (this.#ended || fate === 'other') return false;
    if (fate === 'leaving') this.#events.leaving();
    if (fate === 'trade' || fate === 'malformed') {
      const at = fate === 'malformed' ? now() : 0;
      this.#format.note(fate, at);
      if (fate === 'malformed' && this.#format.isGarbage(at)) this.#end('garbage', 'its trades cannot be read');
    }
    const traded = fate === 'trade' || (fate === 'unparsed' && !this.#format.isSuspect);
    if (traded) this.#trades++;
    return traded;
  }

  #replyIn(bytes: Buffer): Reply | undefined {
    const frame = parseJson(bytes.toString('utf8'));
    return isObject(frame) ? this.#exchange?.reply(frame, this.#symbol) : undefined;
  }

  #setReady(clocks: Clocks, at: number): void {
    clocks.subscribing = false;
    clocks.tradeAt = at;
    this.#ready = true;
    this.#reads.set(this.#rules.coalesceMs());
    this.#events.ready();
  }

  #setQuiet(forMs: number | null): void {
    this.#quiet = forMs !== null;
    this.#events.quiet(forMs);
  }

  #look(at: number): void {
    const clocks = this.#clocks;
    if (clocks === null || (this.#frames === 0 && at < this.#restsUntil)) return;
    if (this.#frames > 0) {
      clocks.signAt = at;
      if (this.#trades > 0) clocks.tradeAt = at;
      this.#frames = 0;
      this.#trades = 0;
    }
    if (this.#ready) this.#reads.set(this.#rules.coalesceMs());
    const judgement = judgeLiveness(clocks, this.#limits, at);
    if (judgement.is === 'dead') {
      this.#end('failed', judgement.why);
      return;
    }
    if (judgement.is === 'ping due') {
      clocks.pingedAt = at;
      this.#socket.ping();
    }
    const { tradeAt } = clocks;
    if (tradeAt !== null && !this.#quiet && isStale(clocks, this.#limits, at)) this.#setQuiet(at - tradeAt);
    this.#restsUntil = restsUntil(clocks, this.#limits, this.#quiet);
  }

  #end(loss: Loss, why: string, askedMs: number | null = null): void {
    if (this.#ended) return;
    this.close();
    this.#events.closed(loss, why, this.#clocks === null ? 0 : now() - this.#clocks.openedAt, askedMs);
  }
}
