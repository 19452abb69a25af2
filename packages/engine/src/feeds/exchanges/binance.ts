import { integerMillis, positiveDecimal, tradeId } from '../../core/decimal.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { symbolText } from '../../core/symbol.ts';
import type { Mapped, Numbering } from '../../core/tick.ts';
import { type Exchange, ignored, malformed, subscribesByUrl, tradeOf } from './exchange.ts';

export const BINANCE_TRADES: Numbering = { name: 'trade', ids: 'dense' };
const AGGREGATES: Numbering = { name: 'aggTrade', ids: 'dense' };

/**
 * Binance spot `trade` and `aggTrade`, raw or wrapped by a combined stream
 * (https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams):
 *
 *     {"e":"trade","E":ms,"s":"BTCUSDT","t":id,"p":"84106.09","q":"0.00007","T":ms,"m":bool,"M":true}
 *     {"e":"aggTrade","E":ms,"s":"BTCUSDT","a":id,"p":"…","q":"…","f":first,"l":last,"T":ms,"m":bool,"M":true}
 *     {"stream":"btcusdt@trade","data":{…}}
 *
 * Futures send the same shapes, and in `X` what a print is: `MARKET`, or one that no market made, whose id counts as seen.
 */
export const binance: Exchange = {
  name: 'binance',
  ...subscribesByUrl,
  map(frame) {
    if (!isObject(frame)) return undefined;
    const wrapped = frame['stream'] !== undefined && isObject(frame['data']);
    const body = wrapped ? (frame['data'] as JsonObject) : frame;
    const event = body['e'];
    if (event === 'trade') return mapTrade(body, body['t'], BINANCE_TRADES);
    if (event === 'aggTrade') return mapTrade(body, body['a'], AGGREGATES);
    // https://developers.binance.com/docs/binance-spot-api-docs/web-socket-streams#general-wss-information
    if (event === 'serverShutdown') return { is: 'control', leaving: true };
    if (typeof event === 'string') return ignored(event);
    // No frame of Binance has a `type`, and most of the other exchanges' have.
    if (frame['type'] !== undefined) return undefined;
    // Streams of all markets (`!miniTicker@arr`) have a list as their data.
    if (wrapped || ('stream' in frame && Array.isArray(frame['data']))) return ignored(frame['stream']);
    if ('lastUpdateId' in frame) return ignored('depth');
    if ('u' in frame && 'B' in frame && 'A' in frame) return ignored('bookTicker');
    const answers = 'id' in frame && !('method' in frame) && ('result' in frame || 'error' in frame);
    return answers || ('code' in frame && 'msg' in frame && !('event' in frame)) ? { is: 'control' } : undefined;
  },
};

/** Values of `X` for futures prints other than market trades: their price and size may be 0 or far off. */
const NO_MARKET_TRADES = new Set(['NA', 'INSURANCE_FUND', 'ADL']);

function mapTrade(body: JsonObject, id: unknown, numbering: Numbering): Mapped {
  const parts = {
    symbol: symbolText(body['s']),
    price: positiveDecimal(body['p']),
    volume: positiveDecimal(body['q']),
    ts: integerMillis(body['T']),
    tradeId: tradeId(id),
  };
  if (NO_MARKET_TRADES.has(String(body['X']))) {
    const print = tradeOf({ ...parts, price: 1, volume: 1 });
    return typeof print === 'string' ? malformed(print) : { is: 'trades', trades: [], numbering, prints: [print] };
  }
  const trade = tradeOf(parts);
  return typeof trade === 'string' ? malformed(trade) : { is: 'trades', trades: [trade], numbering };
}
