import { integerMillis, positiveDecimal, tradeId } from '../../core/decimal.ts';
import { isObject, type JsonObject, objectsOf } from '../../core/json.ts';
import { isMarket, letters, symbolText } from '../../core/symbol.ts';
import type { Numbering } from '../../core/tick.ts';
import { ACCEPTED, type Exchange, ignored, malformed, rejected, tradeOf, tradesOf } from './exchange.ts';
import { GEMINI_TRADES } from './gemini-v1.ts';

/**
 * Gemini market data v2 (https://docs.gemini.com/websocket/market-data/v2). The answer to a subscription is the book with
 * the last trades, which are history; then single trades:
 *
 *     {"type":"l2_updates","symbol":"BTCUSD","changes":[…],"trades":[{"type":"trade",…}],"auction_events":[…]}
 *     {"type":"trade","symbol":"BTCUSD","event_id":…,"tid":…,"timestamp":ms,"price":"…","quantity":"…","side":"buy"}
 *
 * One `event_id` covers several fills; the frames of 2021, which have no `tid`, have no other id.
 */
export const geminiV2: Exchange = {
  name: 'gemini-v2',
  subscribe: (symbol) => [
    JSON.stringify({ type: 'subscribe', subscriptions: [{ name: 'l2', symbols: [letters(symbol)] }] }),
  ],
  reply(frame, symbol) {
    if (frame['type'] === 'l2_updates' && isMarket(frame['symbol'], symbol)) return ACCEPTED;
    if (frame['result'] === 'error' || frame['type'] === 'error') return rejected(frame['message'] ?? frame['reason']);
    return undefined;
  },
  map(frame) {
    if (!isObject(frame)) return undefined;
    switch (frame['type']) {
      case 'trade': {
        // Other venues call their trades so, too; none of them numbers events.
        if (!('event_id' in frame || 'tid' in frame)) return undefined;
        const trade = tradeOf(parts(frame));
        return typeof trade === 'string'
          ? malformed(trade)
          : { is: 'trades', trades: [trade], numbering: numberingOf(frame) };
      }
      case 'l2_updates': {
        if (frame['trades'] === undefined) return ignored('book');
        const trades = tradesOf(frame['trades'], parts);
        if (typeof trades === 'string') return malformed(trades);
        return { is: 'history', trades, numbering: numberingOf(objectsOf(frame['trades'])[0] ?? {}) };
      }
      case 'heartbeat':
        return { is: 'control' };
      default:
        if (frame['result'] === 'error') return { is: 'control' };
        return 'symbol' in frame && OTHER_KINDS.test(String(frame['type'])) ? ignored(frame['type']) : undefined;
    }
  },
};

/** https://docs.gemini.com/websocket/market-data/v2: candles, auctions, and blocks, which no market made. */
const OTHER_KINDS = /^(candles_|auction_|block_trade$)/;

/** By event: several fills may share one. */
const GEMINI_EVENTS: Numbering = { name: 'event', ids: 'shared' };
const numberingOf = (body: JsonObject): Numbering => (body['tid'] === undefined ? GEMINI_EVENTS : GEMINI_TRADES);

const parts = (body: JsonObject) => ({
  symbol: symbolText(body['symbol']),
  price: positiveDecimal(body['price']),
  volume: positiveDecimal(body['quantity']),
  ts: integerMillis(body['timestamp']),
  tradeId: tradeId(body['tid'] ?? body['event_id']),
});
