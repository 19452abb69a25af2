import { type WebSocket, WebSocketServer } from 'ws';
import { askedAt } from './asked.ts';
import { type FrameMaker, frames, requested, type Shape } from './frames.ts';

export interface ServeRules {
  port: number;
  host: string;
  /** Frames a second, each client's. */
  rate: number;
  seed: number;
  /** Trade id of the first trade of each stream; 1,000,000,000 if not given. */
  firstId?: number;
}

export interface Served {
  port: number;
  /** Frames sent so far, all clients. */
  sent(): number;
  close(): Promise<void>;
}

const TICK_MS = 10;
/** A turn of one client is over after this, ms: a rate that the machine cannot make keeps nobody else waiting. */
const TURN_MS = 25;
/** So many frames are made between two looks at the clock. */
const AT_ONCE = 64;
/** Bytes that are kept for a client that reads too slowly. */
const UNREAD_BYTES = 16 * 1024 * 1024;

/**
 * A local exchange over a real WebSocket: `/ws/btcusdt@trade`, `/stream?streams=btcusdt@trade`, `/v1/marketdata/btcusd`; and, once
 * a client has subscribed, `/v5/public/spot`, `/ws/v5/public`, `/bitstamp`, `/ws/2` (see `asked.ts`).
 */
export function serve(rules: ServeRules): Promise<Served> {
  const server = new WebSocketServer({ port: rules.port, host: rules.host, perMessageDeflate: false });
  const sources = new Map<string, FrameMaker>();
  let sent = 0;
  server.on('connection', (socket, request) => {
    const url = request.url ?? '/';
    const asked = askedAt(url);
    if (asked !== undefined) {
      socket.on('message', (data: Buffer) => {
        const { answers, symbol } = asked.answer(data.toString('utf8'));
        for (const answer of answers) socket.send(answer);
        if (symbol !== undefined) pump(socket, sourceOf(asked.shape, symbol), false, symbol);
      });
      return;
    }
    const wanted = requested(url);
    if (wanted === undefined) return socket.close(1008, 'no such stream');
    pump(socket, sourceOf(wanted.shape, wanted.symbol), url.includes('streams='), wanted.symbol);
  });

  const sourceOf = (shape: Shape, symbol: string): FrameMaker => {
    const key = `${shape}:${symbol}`;
    const source = sources.get(key) ?? frames(shape, rules.seed, symbol, rules.firstId ?? 1_000_000_000);
    sources.set(key, source);
    return source;
  };

  const pump = (socket: WebSocket, source: FrameMaker, wrapped: boolean, symbol: string) => {
    const first = source.first();
    if (first !== null) socket.send(first);
    const started = performance.now();
    let made = 0;
    const timer = setInterval(() => {
      const begun = performance.now();
      const due = Math.floor(((begun - started) / 1000) * rules.rate);
      // What a turn does not make stays due.
      while (made < due && socket.bufferedAmount < UNREAD_BYTES && performance.now() < begun + TURN_MS) {
        for (const until = Math.min(due, made + AT_ONCE); made < until; made++, sent++) {
          const frame = source.next(Date.now());
          socket.send(wrapped ? `{"stream":"${symbol}@trade","data":${frame}}` : frame);
        }
      }
    }, TICK_MS);
    socket.on('close', () => clearInterval(timer));
    socket.on('error', () => socket.terminate());
  };

  return listening(server, () => sent);
}

/** Resolves when the server listens; rejects if it cannot. */
export function listening(server: WebSocketServer, sent: () => number): Promise<Served> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.once('listening', () => {
      resolve({
        port: (server.address() as { port: number }).port,
        sent,
        close: () =>
          new Promise((done) => {
            for (const client of server.clients) client.terminate();
            server.close(() => done());
          }),
      });
    });
  });
}
