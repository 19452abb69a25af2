/** Frames in the shapes of two public feeds, made up by a seeded generator: the same seed gives the same trades. */
export type Shape = 'binance' | 'gemini';

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

/** Trade ids are dense, also from one client to the next, as the exchanges' are. */
export function frames(shape: Shape, seed: number, symbol: string, firstId: number): FrameMaker {
  const roll = random(seed);
  let price = 84_000;
  let id = firstId;
  let sequence = 0;
  const walk = () => {
    price = Math.max(1, price + (roll() - 0.5) * 4);
    return { price: price.toFixed(2), quantity: (0.0001 + roll() * 0.05).toFixed(8), sell: roll() < 0.5 };
  };
  if (shape === 'binance')
    return {
      first: () => null,
      next(T) {
        const { price: p, quantity: q, sell: m } = walk();
        return JSON.stringify({ e: 'trade', E: T, s: symbol.toUpperCase(), t: id++, p, q, T, m, M: true });
      },
    };
  return {
    first() {
      sequence = 0;
      const change = { type: 'change', reason: 'initial', price: '84000.00', delta: '1', remaining: '1', side: 'bid' };
      return JSON.stringify({ type: 'update', eventId: 1, socket_sequence: sequence++, events: [change] });
    },
    next(timestampms) {
      const { price: p, quantity: amount, sell } = walk();
      const tid = id++;
      const makerSide = sell ? 'bid' : 'ask';
      const trade = { type: 'trade', tid, price: p, amount, makerSide };
      const change = {
        type: 'change',
        reason: 'trade',
        price: p,
        delta: `-${amount}`,
        remaining: '1',
        side: makerSide,
      };
      const timestamp = Math.floor(timestampms / 1000);
      return JSON.stringify({
        type: 'update',
        eventId: tid,
        timestamp,
        timestampms,
        socket_sequence: sequence++,
        events: [trade, change],
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
