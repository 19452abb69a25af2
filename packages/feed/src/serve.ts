import { type WebSocket, WebSocketServer } from 'ws';
import { type FrameMaker, frames, requested } from './frames.ts';

export interface ServeRules {
  port: number;
  host: string;
  /** Frames a second, each client's. */
  rate: number;
  seed: number;
}

export interface Served {
  port: number;
  /** Frames sent so far, all clients. */
  sent(): number;
  close(): Promise<void>;
}

const TICK_MS = 10;

/** A local exchange over a real WebSocket: `/ws/btcusdt@trade`, `/stream?streams=btcusdt@trade`, `/v1/marketdata/btcusd`. */
export function serve(rules: ServeRules): Promise<Served> {
  const server = new WebSocketServer({ port: rules.port, host: rules.host, perMessageDeflate: false });
  const sources = new Map<string, FrameMaker>();
  let sent = 0;
  server.on('connection', (socket, request) => {
    const url = request.url ?? '/';
    const wanted = requested(url);
    if (wanted === undefined) return socket.close(1008, 'no such stream');
    const key = `${wanted.shape}:${wanted.symbol}`;
    const source = sources.get(key) ?? frames(wanted.shape, rules.seed, wanted.symbol, 1_000_000_000);
    sources.set(key, source);
    pump(socket, source, url.includes('streams='), wanted.symbol);
  });

  const pump = (socket: WebSocket, source: FrameMaker, wrapped: boolean, symbol: string) => {
    const first = source.first();
    if (first !== null) socket.send(first);
    const started = performance.now();
    let made = 0;
    const timer = setInterval(() => {
      const due = Math.floor(((performance.now() - started) / 1000) * rules.rate);
      for (; made < due; made++, sent++) {
        const frame = source.next(Date.now());
        socket.send(wrapped ? `{"stream":"${symbol}@trade","data":${frame}}` : frame);
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
