import { integerMillis, opaqueId, positiveDecimal } from '../../core/decimal.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { letters, symbolText } from '../../core/symbol.ts';
import type { Numbering } from '../../core/tick.ts';
import { ACCEPTED, type Exchange, ignored, malformed, rejected, tradesOf } from './exchange.ts';

/** Numbers beyond 2^53 on the spot market, UUIDs elsewhere: unique, without an order. */
const TRADES: Numbering = { name: 'trade', ids: 'opaque' };

/**
 * Bybit v5, topic `publicTrade.SYMBOL` (https://bybit-exchange.github.io/docs/v5/websocket/public/trade):
 *
 *     {"topic":"publicTrade.BTCUSDT","type":"snapshot","ts":ms,"data":[{"i":"2290000000050703789","T":ms,"p":"28165.38",
 *      "v":"0.041732","S":"Sell","s":"BTCUSDT","BT":false},…]}
 *
 * `type` is always "snapshot", and the trades are live all the same; several come in one frame. An option's topic has the base
 * coin alone, so the symbol is read from each trade. The client pings, or the server closes.
 */
export const bybit: Exchange = {
  name: 'bybit',
  keepAlive: { everyMs: 20_000, text: '{"op":"ping"}' },
  subscribe: (symbol) => [JSON.stringify({ op: 'subscribe', args: [`publicTrade.${letters(symbol)}`] })],
  reply(frame) {
    if (frame['op'] !== 'subscribe' || typeof frame['success'] !== 'boolean') return undefined;
    return frame['success'] ? ACCEPTED : rejected(frame['ret_msg']);
  },
  map(frame) {
    if (!isObject(frame)) return undefined;
    if (isAnswer(frame)) return { is: 'control' };
    const { topic } = frame;
    if (typeof topic !== 'string' || !('data' in frame) || !('ts' in frame) || !('type' in frame)) return undefined;
    if (!topic.startsWith('publicTrade.')) return ignored(topic.split('.')[0]);
    const trades = tradesOf(frame['data'], parts);
    return typeof trades === 'string' ? malformed(trades) : { is: 'trades', trades, numbering: TRADES };
  },
};

/** Of a subscription, or of a ping: `{"success":true,"ret_msg":"pong","conn_id":"…","op":"ping"}`, `{"op":"pong",…}`. */
const isAnswer = (frame: JsonObject) => 'conn_id' in frame && typeof frame['op'] === 'string';

const parts = (body: JsonObject) => ({
  symbol: symbolText(body['s']),
  price: positiveDecimal(body['p']),
  volume: positiveDecimal(body['v']),
  ts: integerMillis(body['T']),
  tradeId: opaqueId(body['i']),
});
