import { integerMillis, positiveDecimal, tradeId } from '../../core/decimal.ts';
import { isObject } from '../../core/json.ts';
import { letters, symbolText } from '../../core/symbol.ts';
import { ACCEPTED, type Exchange, malformed, rejected, tradeOf } from './exchange.ts';
import { GEMINI_TRADES } from './gemini-v1.ts';

/**
 * Gemini's WebSocket API of 2025 (https://docs.gemini.com/websocket/streams). A trade names no event type, and its time is in
 * nanoseconds, beyond 2^53:
 *
 *     {"E":1751508438600117161,"s":"btcusd","t":id,"p":"45000.50","q":"0.001","m":true}
 */
export const geminiV3: Exchange = {
  name: 'gemini-v3',
  subscribe: (symbol) => [
    JSON.stringify({ id: '1', method: 'subscribe', params: [`${letters(symbol).toLowerCase()}@trade`] }),
  ],
  reply(frame) {
    if (frame['id'] === undefined || frame['status'] === undefined) return undefined;
    if (frame['status'] === 200) return ACCEPTED;
    return rejected(isObject(frame['error']) ? frame['error']['msg'] : undefined);
  },
  map(frame) {
    if (!isObject(frame)) return undefined;
    if ('id' in frame && 'status' in frame) return { is: 'control' };
    if (!isTrade(frame)) return undefined;
    const trade = tradeOf({
      symbol: symbolText(frame['s'])?.toUpperCase(),
      price: positiveDecimal(frame['p']),
      volume: positiveDecimal(frame['q']),
      ts: integerMillis(frame['E']),
      tradeId: tradeId(frame['t']),
    });
    return typeof trade === 'string' ? malformed(trade) : { is: 'trades', trades: [trade], numbering: GEMINI_TRADES };
  },
};

const isTrade = (frame: object): boolean =>
  !('e' in frame) && 'E' in frame && 's' in frame && 't' in frame && 'p' in frame && 'q' in frame && 'm' in frame;
