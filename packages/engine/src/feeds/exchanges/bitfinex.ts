import { integerMillis, positiveDecimal, tradeId } from '../../core/decimal.ts';
import type { ChannelMemory } from '../../core/frame-origin.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { symbolText } from '../../core/symbol.ts';
import type { Mapped, Numbering, Trade } from '../../core/tick.ts';
import { ACCEPTED, type Exchange, ignored, malformed, rejected, tradeOf } from './exchange.ts';

/** One space of ids for all pairs. */
const TRADES: Numbering = { name: 'trade', ids: 'sparse' };
/** https://docs.bitfinex.com/docs/ws-general: reconnect; maintenance begins, and has ended. */
const RECONNECT = 20051;
const MAINTENANCE: Readonly<Record<number, string>> = {
  20060: 'the exchange begins its maintenance: trades pause',
  20061: 'the exchange has ended its maintenance',
};
const EVENTS = new Set(['info', 'subscribed', 'unsubscribed', 'conf', 'auth']);
/** A connection has 25 channels at most; an answer beyond is not remembered. */
const MAX_CHANNELS = 1000;

/**
 * Bitfinex v2, channel `trades` (https://docs.bitfinex.com/reference/ws-public-trades). The pair is in the subscription's answer
 * alone, so the connection remembers its channels:
 *
 *     {"event":"subscribed","channel":"trades","chanId":17470,"symbol":"tBTCUSD","pair":"BTCUSD"}
 *     [17470,[[id,ms,amount,price],…]]       a snapshot: the past
 *     [17470,"te",[id,ms,amount,price]]      a trade; the sign of `amount` is the taker's side
 *     [17470,"tu",[id,ms,amount,price]]      the same trade again, a moment later
 *     [17470,"hb"]
 *
 * A sequence number may follow, and a time after it.
 */
export const bitfinex: Exchange = {
  name: 'bitfinex',
  subscribe: (symbol) => [JSON.stringify({ event: 'subscribe', channel: 'trades', symbol })],
  reply({ event, channel, symbol: answered, msg }, symbol) {
    if (event === 'error') return rejected(msg);
    return event === 'subscribed' && channel === 'trades' && answered === symbol ? ACCEPTED : undefined;
  },
  map(frame, _urlSymbol, memory) {
    if (Array.isArray(frame)) return mapArray(frame, memory);
    if (!isObject(frame) || typeof frame['event'] !== 'string' || !EVENTS.has(frame['event'])) return undefined;
    if (frame['event'] === 'subscribed' || frame['event'] === 'unsubscribed') remember(frame, memory);
    if (frame['event'] !== 'info') return { is: 'control' };
    const { code } = frame;
    if (code === RECONNECT) return { is: 'control', leaving: true };
    const notice = typeof code === 'number' ? MAINTENANCE[code] : undefined;
    return notice === undefined ? { is: 'control' } : { is: 'control', notice };
  },
};

/** A number that is given out again is not the old channel's: a recording may hold several connections. */
function remember({ channel, chanId, symbol }: JsonObject, memory: ChannelMemory): void {
  if (typeof chanId !== 'number') return;
  memory.channels?.delete(chanId);
  const pair = symbolText(symbol);
  if (channel !== 'trades' || pair === undefined) return;
  memory.channels ??= new Map();
  if (memory.channels.size < MAX_CHANNELS) memory.channels.set(chanId, pair);
}

function mapArray(frame: unknown[], memory: ChannelMemory): Mapped | undefined {
  const [channel, what, print] = frame;
  if (typeof channel !== 'number' || frame.length < 2 || frame.length > 5) return undefined;
  if (what === 'hb') return { is: 'control' };
  if (what === 'tu' || what === 'fte' || what === 'ftu') return ignored(what);
  const symbol = memory.channels?.get(channel);
  if (what === 'te') {
    if (symbol === undefined) return ignored('te of a channel whose subscription was not seen');
    const trade = printOf(print, symbol);
    return typeof trade === 'string' ? malformed(trade) : { is: 'trades', trades: [trade], numbering: TRADES };
  }
  return Array.isArray(what) && symbol !== undefined && typeof frame.at(-2) !== 'string'
    ? mapSnapshot(what, symbol)
    : undefined;
}

function mapSnapshot(prints: unknown[], symbol: string): Mapped {
  const trades: Trade[] = [];
  for (const print of prints) {
    const trade = printOf(print, symbol);
    if (typeof trade === 'string') return malformed(trade);
    trades.push(trade);
  }
  return { is: 'history', trades, numbering: TRADES };
}

function printOf(print: unknown, symbol: string): Trade | string {
  if (!Array.isArray(print)) return 'a print is not an array';
  const [id, ms, amount, price] = print as unknown[];
  return tradeOf({
    symbol,
    price: positiveDecimal(price),
    volume: positiveDecimal(typeof amount === 'number' ? Math.abs(amount) : amount),
    ts: integerMillis(ms),
    tradeId: tradeId(id),
  });
}
