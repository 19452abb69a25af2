import { isoMillis, positiveDecimal, tradeId } from '../../core/decimal.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { isMarket, symbolText } from '../../core/symbol.ts';
import type { Mapped, Numbering } from '../../core/tick.ts';
import { ACCEPTED, type Exchange, ignored, malformed, rejected, tradesOf } from './exchange.ts';
import { notOnline } from './kraken-v1.ts';

export const KRAKEN_V2_TRADES: Numbering = { name: 'trade', ids: 'dense' };

/**
 * Kraken v2 (https://docs.kraken.com/api/docs/websocket-v2/trade). Numbers are JSON numbers, with exponents at times:
 *
 *     {"channel":"trade","type":"update","data":[{"symbol":"BTC/USD","side":"sell","price":4136.4,"qty":4.9e-7,
 *      "ord_type":"market","trade_id":4665906,"timestamp":"2023-09-25T07:49:37.708706Z"}]}
 *
 * A `snapshot` is the past.
 */
export const krakenV2: Exchange = {
  name: 'kraken-v2',
  subscribe: (symbol) => [
    JSON.stringify({ method: 'subscribe', params: { channel: 'trade', symbol: [symbol], snapshot: false } }),
  ],
  reply(frame, symbol) {
    if (frame['method'] !== 'subscribe') return undefined;
    if (frame['success'] === false) return rejected(frame['error']);
    const result = isObject(frame['result']) ? frame['result'] : {};
    return frame['success'] === true && isMarket(result['symbol'], symbol) ? ACCEPTED : undefined;
  },
  map(frame) {
    if (!isObject(frame)) return undefined;
    if ('time_in' in frame && ('method' in frame || 'success' in frame)) return { is: 'control' };
    if ('success' in frame && 'method' in frame) return { is: 'control' };
    const { channel, type } = frame;
    if (channel === 'heartbeat') return { is: 'control' };
    if (typeof channel !== 'string' || typeof type !== 'string' || !Array.isArray(frame['data'])) return undefined;
    if (channel === 'status') return statusOf(frame['data']);
    if (channel !== 'trade') return ignored(channel);
    if (type !== 'update' && type !== 'snapshot') return ignored('trade');
    const trades = tradesOf(frame['data'], parts);
    if (typeof trades === 'string') return malformed(trades);
    return { is: type === 'update' ? 'trades' : 'history', trades, numbering: KRAKEN_V2_TRADES };
  },
};

/** `{"system":"maintenance",…}`: anything but `online` is for the log. */
function statusOf(data: unknown[]): Mapped {
  const system = isObject(data[0]) ? data[0]['system'] : undefined;
  return typeof system !== 'string' || system === 'online'
    ? { is: 'control' }
    : { is: 'control', notice: notOnline(system) };
}

const parts = (body: JsonObject) => ({
  symbol: symbolText(body['symbol']),
  price: positiveDecimal(body['price']),
  volume: positiveDecimal(body['qty']),
  ts: isoMillis(body['timestamp']),
  tradeId: tradeId(body['trade_id']),
});
