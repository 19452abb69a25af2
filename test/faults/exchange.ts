import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** A market of dense trade ids that goes on while a client is connected, and knows when it sent which. */
export interface Exchange {
  url: string;
  lastId(): number;
  /** Of the latest connection: the first new id that it was sent, and when; null before any. */
  connection(): { firstId: number; at: number } | null;
  /** The last id that had been sent by then, on the monotonic clock. */
  sentBy(at: number): number;
  /** When that id was sent. */
  sentAt(id: number): number;
  /** Ends its connections without a goodbye. If it had one, it refuses others for `awayMs`. */
  cut(awayMs?: number): void;
  close(): void;
}

const TICK_MS = 5;
/** Frames that a new connection is sent again. */
const AGAIN = 100;

export interface Market {
  /** Frames a second. */
  rate: number;
  /** The exchange's own clock. */
  nowMs?: () => number;
  /** Trades go on also while nobody is connected. */
  always?: boolean;
}

export async function openExchange({ rate, nowMs = Date.now, always = false }: Market): Promise<Exchange> {
  let awayUntil = 0;
  const verifyClient = () => performance.now() >= awayUntil;
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', perMessageDeflate: false, verifyClient });
  await once(server, 'listening');
  let recent: string[] = [];
  let client: WebSocket | null = null;
  let connection: { firstId: number; at: number } | null = null;
  let lastId = 1_000_000;
  let last = performance.now();
  /** When each id was sent, from `base + 1` on. */
  const base = lastId;
  const times: number[] = [];
  server.on('connection', (socket) => {
    for (const frame of recent) socket.send(frame);
    connection = { firstId: lastId + 1, at: performance.now() };
    if (!always) last = performance.now();
    client = socket;
    socket.on('error', () => {});
    socket.on('close', () => {
      if (client === socket) client = null;
    });
  });
  const timer = setInterval(() => {
    const now = performance.now();
    if (client === null && !always) return;
    for (; last + 1000 / rate <= now; last += 1000 / rate) {
      const frame = frameOf(++lastId, nowMs());
      if (!always) times.push(now);
      recent.push(frame);
      client?.send(frame);
    }
    recent = recent.slice(-AGAIN);
  }, TICK_MS);
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/ws/btcusdt@trade`,
    lastId: () => lastId,
    connection: () => connection,
    sentAt: (id) => times[id - base - 1] ?? Number.POSITIVE_INFINITY,
    sentBy: (at) => base + 1 + times.findLastIndex((time) => time <= at),
    cut(awayMs = 0) {
      if (client !== null) awayUntil = performance.now() + awayMs;
      for (const socket of server.clients) socket.terminate();
    },
    close() {
      clearInterval(timer);
      for (const socket of server.clients) socket.terminate();
      server.close();
    },
  };
}

function frameOf(t: number, T: number): string {
  const price = (84_000 + (t % 97)).toFixed(2);
  return `{"e":"trade","E":${T},"s":"BTCUSDT","t":${t},"p":"${price}","q":"0.00700000","T":${T},"m":true,"M":true}`;
}
