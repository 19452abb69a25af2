import { isoMillis, positiveDecimal, tradeId } from '../../core/decimal.ts';
import { isObject, type JsonObject, objectsOf } from '../../core/json.ts';
import { symbolText } from '../../core/symbol.ts';
import type { Numbering } from '../../core/tick.ts';
import { ACCEPTED, type Exchange, ignored, malformed, rejected, tradeOf } from './exchange.ts';

/** The same ids in Coinbase Exchange and Advanced. */
export const COINBASE_TRADES: Numbering = { name: 'trade', ids: 'dense' };

/**
 * Coinbase Exchange, channel `matches` (https://docs.cdp.coinbase.com/exchange/websocket-feed/channels):
 *
 *     {"type":"match","trade_id":10,"sequence":50,"maker_order_id":"…","taker_order_id":"…","time":"2014-11-07T08:19:27.028459Z",
 *      "product_id":"BTC-USD","size":"5.23512","price":"400.23","side":"sell"}
 *
 * `last_match` after a subscription is the past. `ticker` repeats trades, so it is not one.
 */
export const coinbaseExchange: Exchange = {
  name: 'coinbase-exchange',
  subscribe: (symbol) => [
    JSON.stringify({ type: 'subscribe', product_ids: [symbol], channels: ['matches', 'heartbeat'] }),
  ],
  reply(frame, symbol) {
    if (frame['type'] === 'error') return rejected(frame['reason'] ?? frame['message']);
    if (frame['type'] !== 'subscriptions') return undefined;
    const lists = objectsOf(frame['channels']).map((channel) => channel['product_ids']);
    return lists.some((list) => Array.isArray(list) && list.includes(symbol)) ? ACCEPTED : undefined;
  },
  map(frame) {
    if (!isObject(frame) || 'channel' in frame) return undefined;
    switch (frame['type']) {
      case 'match':
      case 'last_match': {
        // Other venues' matches have neither.
        if (!('trade_id' in frame || 'product_id' in frame)) return undefined;
        const trade = tradeOf(parts(frame));
        if (typeof trade === 'string') return malformed(trade);
        return { is: frame['type'] === 'match' ? 'trades' : 'history', trades: [trade], numbering: COINBASE_TRADES };
      }
      case 'heartbeat':
      case 'subscriptions':
      case 'error':
      case 'status':
        return { is: 'control' };
      default:
        return 'product_id' in frame && OTHER_KINDS.has(String(frame['type'])) ? ignored(frame['type']) : undefined;
    }
  },
};

/** Of the channels ticker, level2, full, auctionfeed and rfq_matches. */
const OTHER_KINDS = new Set('ticker snapshot l2update received open done change activate auction rfq_match'.split(' '));

const parts = (body: JsonObject) => ({
  symbol: symbolText(body['product_id']),
  price: positiveDecimal(body['price']),
  volume: positiveDecimal(body['size']),
  ts: isoMillis(body['time']),
  tradeId: tradeId(body['trade_id']),
});
