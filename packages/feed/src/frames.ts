/** Frames in the shapes of public feeds, made up by a seeded generator: the same seed gives the same trades. */
export const FRAME_SHAPES = ['binance', 'gemini', 'bybit', 'okx', 'bitstamp', 'bitfinex'] as const;
export type Shape = (typeof FRAME_SHAPES)[number];

export interface FrameMaker {
  /** What a client is sent first, if anything: Gemini's whole book. */
  first(): string | null;
  next(nowMs: number): string;
}

/** mulberry32, a 32-bit generator in the public domain (Tommy Ettinger). */
export function random(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** A made-up trade: decimals as text, and whether its taker sold. */
interface Print {
  id: number;
  price: string;
  quantity: string;
  sell: boolean;
}

/** Trade ids are dense, from one client to the next too, like those of Binance. */
export function frames(shape: Shape, seed: number, symbol: string, firstId: number): FrameMaker {
  const roll = random(seed);
  let price = 84_000;
  let id = firstId;
  const walk = (): Print => {
    price = Math.max(1, price + (roll() - 0.5) * 4);
    const [text, quantity, sell] = [price.toFixed(2), (0.0001 + roll() * 0.05).toFixed(8), roll() < 0.5];
    return { id: id++, price: text, quantity, sell };
  };
  if (shape === 'gemini') return gemini(walk);
  const write = { binance, bybit, okx, bitstamp, bitfinex }[shape];
  return { first: () => null, next: (nowMs) => JSON.stringify(write(walk(), symbol.toUpperCase(), nowMs)) };
}

const binance = ({ id, price: p, quantity: q, sell: m }: Print, s: string, T: number) => ({
  e: 'trade',
  E: T,
  s,
  t: id,
  p,
  q,
  T,
  m,
  M: true,
});

/** Spot ids are beyond 2^53. */
const bybit = ({ id, price: p, quantity: v, sell }: Print, s: string, T: number) => ({
  topic: `publicTrade.${s}`,
  type: 'snapshot',
  ts: T,
  data: [{ i: String(2_290_000_000_000_000_000n + BigInt(id)), T, p, v, S: sell ? 'Sell' : 'Buy', s, BT: false }],
});

const okx = ({ id, price: px, quantity: sz, sell }: Print, instId: string, ts: number) => ({
  arg: { channel: 'trades', instId },
  data: [{ instId, tradeId: String(id), px, sz, side: sell ? 'sell' : 'buy', ts: String(ts), count: '1' }],
});

const bitstamp = ({ id, price, quantity, sell }: Print, symbol: string, ms: number) => ({
  data: {
    id,
    timestamp: String(Math.floor(ms / 1000)),
    amount: Number(quantity),
    amount_str: quantity,
    price: Number(price),
    price_str: price,
    type: sell ? 1 : 0,
    microtimestamp: `${ms}000`,
    buy_order_id: id * 2,
    sell_order_id: id * 2 + 1,
  },
  channel: `live_trades_${symbol.toLowerCase()}`,
  event: 'trade',
});

/** The channel that `asked.ts` answers with. */
export const BITFINEX_CHANNEL = 17470;
const bitfinex = ({ id, price, quantity, sell }: Print, _symbol: string, ms: number) => [
  BITFINEX_CHANNEL,
  'te',
  [id, ms, (sell ? -1 : 1) * Number(quantity), Number(price)],
];

function gemini(walk: () => Print): FrameMaker {
  let sequence = 0;
  return {
    first() {
      sequence = 0;
      const change = { type: 'change', reason: 'initial', price: '84000.00', delta: '1', remaining: '1', side: 'bid' };
      return JSON.stringify({ type: 'update', eventId: 1, socket_sequence: sequence++, events: [change] });
    },
    next(timestampms) {
      const { id: tid, price, quantity: amount, sell } = walk();
      const makerSide = sell ? 'bid' : 'ask';
      const trade = { type: 'trade', tid, price, amount, makerSide };
      const change = { type: 'change', reason: 'trade', price, delta: `-${amount}`, remaining: '1', side: makerSide };
      const timestamp = Math.floor(timestampms / 1000);
      const events = [trade, change];
      return JSON.stringify({
        type: 'update',
        eventId: tid,
        timestamp,
        timestampms,
        socket_sequence: sequence++,
        events,
      });
    },
  };
}

/** The shape and symbol that a URL path asks for, as the exchanges spell them; undefined for any other path. */
export function requested(url: string): { shape: Shape; symbol: string } | undefined {
  const { pathname, searchParams } = new URL(url, 'ws://local');
  const stream =
    /^\/ws\/([a-z0-9]+)@trade$/.exec(pathname)?.[1] ??
    /^([a-z0-9]+)@trade/.exec(searchParams.get('streams') ?? '')?.[1];
  if (stream !== undefined) return { shape: 'binance', symbol: stream };
  const gemini = /^\/v1\/marketdata\/([a-z0-9]+)$/i.exec(pathname)?.[1];
  return gemini === undefined ? undefined : { shape: 'gemini', symbol: gemini };
}
