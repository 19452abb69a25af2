import { integerMillis, positiveDecimal, tradeId } from '../../core/decimal.ts';
import { isObject } from '../../core/json.ts';
import { letters, symbolText } from '../../core/symbol.ts';
import type { Mapped, Numbering } from '../../core/tick.ts';
import { ACCEPTED, type Exchange, ignored, malformed, rejected, tradeOf } from './exchange.ts';

/** One space of ids for all pairs, so that one pair's jump. */
const TRADES: Numbering = { name: 'trade', ids: 'sparse' };
const CHANNEL = 'live_trades_';

/**
 * Bitstamp, channel `live_trades_PAIR` (https://www.bitstamp.net/websocket/v2/), fields in any order:
 *
 *     {"data":{"id":216000477,"timestamp":"1641343699","amount":0.0792,"amount_str":"0.07920000","price":3805.44,
 *      "price_str":"3805.44","type":0,"microtimestamp":"1641343699596000",…},"channel":"live_trades_ethusd","event":"trade"}
 */
export const bitstamp: Exchange = {
  name: 'bitstamp',
  subscribe: (symbol) => [JSON.stringify({ event: 'bts:subscribe', data: { channel: channelOf(symbol) } })],
  reply({ event, channel, data }, symbol) {
    if (event === 'bts:error') return rejected(isObject(data) ? data['message'] : undefined);
    return event === 'bts:subscription_succeeded' && channel === channelOf(symbol) ? ACCEPTED : undefined;
  },
  map(frame) {
    if (!isObject(frame)) return undefined;
    const { event, channel, data } = frame;
    if (event === 'bts:request_reconnect') return { is: 'control', leaving: true };
    if (typeof event !== 'string' || typeof channel !== 'string' || !('data' in frame)) return undefined;
    if (event.startsWith('bts:')) return { is: 'control' };
    if (channel.startsWith(CHANNEL) && event === 'trade') return mapTrade(channel, data);
    return /^(live|diff|order|detail)_/.test(channel) ? ignored(channel.replace(/_[a-z0-9]+$/, '')) : undefined;
  },
};

const channelOf = (symbol: string) => `${CHANNEL}${letters(symbol).toLowerCase()}`;

function mapTrade(channel: string, data: unknown): Mapped {
  if (!isObject(data)) return malformed('a trade is not an object');
  const trade = tradeOf({
    symbol: symbolText(channel.slice(CHANNEL.length).toUpperCase()),
    price: positiveDecimal(data['price_str'] ?? data['price']),
    volume: positiveDecimal(data['amount_str'] ?? data['amount']),
    ts: integerMillis(data['microtimestamp']),
    tradeId: tradeId(data['id']),
  });
  return typeof trade === 'string' ? malformed(trade) : { is: 'trades', trades: [trade], numbering: TRADES };
}
