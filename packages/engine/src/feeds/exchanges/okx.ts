import { integerMillis, positiveDecimal, tradeId } from '../../core/decimal.ts';
import { isObject, type JsonObject, objectsOf } from '../../core/json.ts';
import { isMarket, symbolText } from '../../core/symbol.ts';
import type { Numbering } from '../../core/tick.ts';
import { ACCEPTED, type Exchange, ignored, malformed, rejected, tradesOf } from './exchange.ts';

/** One print may cover several fills, so that ids jump. */
const TRADES: Numbering = { name: 'trade', ids: 'sparse' };
/** Each fill by itself; another channel, at another endpoint. */
const ALL_TRADES: Numbering = { name: 'fill', ids: 'dense' };

/**
 * OKX v5, channel `trades` (https://www.okx.com/docs-v5/en/#order-book-trading-market-data-ws-trades-channel):
 *
 *     {"arg":{"channel":"trades","instId":"CRV-USDT"},"data":[{"instId":"CRV-USDT","tradeId":"21300150","px":"3.973",
 *      "sz":"13.491146","side":"buy","ts":"1639999319938","count":"3"}]}
 *
 * After 30 s without a message the server closes: the client sends the text `ping`, answered by the text `pong`.
 */
export const okx: Exchange = {
  name: 'okx',
  keepAlive: { everyMs: 25_000, text: 'ping' },
  subscribe: (symbol) => [JSON.stringify({ op: 'subscribe', args: [{ channel: 'trades', instId: symbol }] })],
  reply({ event, arg, msg }, symbol) {
    if (event === 'error') return rejected(msg);
    if (event !== 'subscribe' || !isObject(arg)) return undefined;
    return arg['channel'] === 'trades' && isMarket(arg['instId'], symbol) ? ACCEPTED : undefined;
  },
  map(frame) {
    if (!isObject(frame)) return undefined;
    const { arg, event } = frame;
    if (event === 'notice') return { is: 'control', leaving: true, notice: noticeOf(frame['msg']) };
    if (event === 'channel-conn-count') return { is: 'control' };
    if (!isObject(arg)) return undefined;
    if (typeof event === 'string') return { is: 'control' };
    const { channel } = arg;
    if (typeof channel !== 'string' || !('data' in frame) || 'action' in frame) return undefined;
    if (channel !== 'trades' && channel !== 'trades-all') return ignored(channel);
    // Blofin and others copy all but the names of price and size.
    const [first] = objectsOf(frame['data']);
    if (first !== undefined && !('px' in first || 'sz' in first)) return undefined;
    const trades = tradesOf(frame['data'], parts);
    if (typeof trades === 'string') return malformed(trades);
    return { is: 'trades', trades, numbering: channel === 'trades' ? TRADES : ALL_TRADES };
  },
};

const noticeOf = (text: unknown): string =>
  `the exchange says: ${typeof text === 'string' ? text.slice(0, 200) : 'the connection will be closed'}`;

const parts = (body: JsonObject) => ({
  symbol: symbolText(body['instId']),
  price: positiveDecimal(body['px']),
  volume: positiveDecimal(body['sz']),
  ts: integerMillis(body['ts']),
  tradeId: tradeId(body['tradeId']),
});
