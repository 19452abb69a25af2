import { BITFINEX_CHANNEL, type Shape } from './frames.ts';

/** What a client's message comes to: the answers to send, and the symbol whose trades begin. */
export interface Answered {
  answers: string[];
  symbol?: string;
}

/** A feed that sends nothing before it is asked, as the exchange answers it. */
export interface AskedFeed {
  shape: Shape;
  answer(message: string): Answered;
}

type Fields = Record<string, unknown>;
const NOTHING: Answered = { answers: [] };

const bybit: AskedFeed = {
  shape: 'bybit',
  answer(message) {
    const { op, args } = parse(message);
    if (op === 'ping') return said({ success: true, ret_msg: 'pong', conn_id: 'local', op });
    const symbol = /^publicTrade\.(\w+)$/.exec(String((args as unknown[] | undefined)?.[0]))?.[1];
    if (op !== 'subscribe' || symbol === undefined) return NOTHING;
    return { ...said({ success: true, ret_msg: '', conn_id: 'local', op }), symbol };
  },
};

const okx: AskedFeed = {
  shape: 'okx',
  answer(message) {
    if (message === 'ping') return { answers: ['pong'] };
    const { op, args } = parse(message);
    const arg = (args as Fields[] | undefined)?.[0];
    if (op !== 'subscribe' || typeof arg?.['instId'] !== 'string') return NOTHING;
    return { ...said({ event: op, arg, connId: 'local' }), symbol: arg['instId'] };
  },
};

const bitstamp: AskedFeed = {
  shape: 'bitstamp',
  answer(message) {
    const { event, data } = parse(message);
    const channel = (data as Fields | undefined)?.['channel'];
    const symbol = /^live_trades_(\w+)$/.exec(String(channel))?.[1];
    if (event !== 'bts:subscribe' || symbol === undefined) return NOTHING;
    return { ...said({ event: 'bts:subscription_succeeded', channel, data: {} }), symbol };
  },
};

const bitfinex: AskedFeed = {
  shape: 'bitfinex',
  answer(message) {
    const { event, channel, symbol } = parse(message);
    if (event !== 'subscribe' || channel !== 'trades' || typeof symbol !== 'string') return NOTHING;
    const pair = symbol.slice(1);
    const answer = { event: 'subscribed', channel, chanId: BITFINEX_CHANNEL, symbol, pair };
    return { answers: [JSON.stringify(answer), JSON.stringify([BITFINEX_CHANNEL, []])], symbol: pair };
  },
};

/** The feed at a path, as the exchanges spell theirs; undefined for any other. */
export function askedAt(path: string): AskedFeed | undefined {
  if (/^\/v5\/public\/(spot|linear|inverse)$/.test(path)) return bybit;
  if (path === '/ws/v5/public') return okx;
  if (path === '/bitstamp') return bitstamp;
  return path === '/ws/2' ? bitfinex : undefined;
}

const said = (answer: object): Answered => ({ answers: [JSON.stringify(answer)] });

function parse(message: string): Fields {
  try {
    const value: unknown = JSON.parse(message);
    return typeof value === 'object' && value !== null ? (value as Fields) : {};
  } catch {
    return {};
  }
}
