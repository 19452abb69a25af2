import { isoMillis, positiveDecimal, tradeId } from '../../core/decimal.ts';
import { isObject, type JsonObject, objectsOf } from '../../core/json.ts';
import { symbolText } from '../../core/symbol.ts';
import type { Mapped, Trade } from '../../core/tick.ts';
import { COINBASE_TRADES } from './coinbase-exchange.ts';
import { ACCEPTED, type Exchange, ignored, malformed, rejected, tradesOf } from './exchange.ts';

/**
 * Coinbase Advanced Trade, channel `market_trades`
 * (https://docs.cdp.coinbase.com/advanced-trade/docs/ws-channels#market-trades-channel):
 *
 *     {"channel":"market_trades","client_id":"","timestamp":"…","sequence_num":0,"events":[{"type":"update","trades":[
 *      {"trade_id":"000000000","product_id":"ETH-USD","price":"1260.01","size":"0.3","side":"BUY","time":"…Z"}]}]}
 *
 * An event of type `snapshot` is the past. `sequence_num` counts the frames of all channels of a connection.
 */
export const coinbaseAdvanced: Exchange = {
  name: 'coinbase-advanced',
  subscribe: (symbol) =>
    ['market_trades', 'heartbeats'].map((channel) =>
      JSON.stringify({ type: 'subscribe', product_ids: [symbol], channel }),
    ),
  reply(frame, symbol) {
    if (frame['type'] === 'error') return rejected(frame['message']);
    if (frame['channel'] !== 'subscriptions') return undefined;
    const lists = objectsOf(frame['events']).flatMap((event) => Object.values(event['subscriptions'] ?? {}));
    return lists.some((list) => Array.isArray(list) && list.includes(symbol)) ? ACCEPTED : undefined;
  },
  map(frame) {
    if (!isObject(frame) || !Array.isArray(frame['events'])) return undefined;
    switch (frame['channel']) {
      case 'market_trades':
        return mapEvents(objectsOf(frame['events']));
      case 'heartbeats':
      case 'subscriptions':
      case 'status':
        return { is: 'control' };
      default:
        return 'sequence_num' in frame ? ignored(frame['channel']) : undefined;
    }
  },
};

/** One frame may hold a snapshot and updates. */
function mapEvents(events: JsonObject[]): Mapped {
  const live: Trade[] = [];
  const past: Trade[] = [];
  for (const event of events) {
    const trades = tradesOf(event['trades'], parts);
    if (typeof trades === 'string') return malformed(trades);
    (event['type'] === 'update' ? live : past).push(...trades.reverse());
  }
  if (live.length > 0) return { is: 'trades', trades: live, numbering: COINBASE_TRADES, past };
  return past.length > 0 ? { is: 'history', trades: past, numbering: COINBASE_TRADES } : ignored('market_trades');
}

/** Newest first on the wire. */
const parts = (body: JsonObject) => ({
  symbol: symbolText(body['product_id']),
  price: positiveDecimal(body['price']),
  volume: positiveDecimal(body['size']),
  ts: isoMillis(body['time']),
  tradeId: tradeId(body['trade_id']),
});
