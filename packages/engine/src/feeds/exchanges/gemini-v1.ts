import { integerMillis, positiveDecimal, tradeId } from '../../core/decimal.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import { symbolText } from '../../core/symbol.ts';
import type { Mapped, Numbering } from '../../core/tick.ts';
import { type Exchange, ignored, malformed, subscribesByUrl, tradesOf } from './exchange.ts';

/** One space of ids for all markets and all three APIs, so that one market's jump. */
export const GEMINI_TRADES: Numbering = { name: 'trade', ids: 'sparse' };

/**
 * Gemini market data v1 (https://docs.gemini.com/websocket/market-data/v1):
 *
 *     {"type":"update","eventId":…,"timestamp":s,"timestampms":ms,"socket_sequence":n,"events":[
 *      {"type":"trade","tid":…,"price":"…","amount":"…","makerSide":"bid"},{"type":"change",…,"reason":"trade"}]}
 *
 * The symbol is in the URL alone; of several markets on one connection (`/v1/multimarketdata?symbols=…`) each event names its
 * own. A trade comes with its paired `change`: one tick, not two. The first frame is the whole book, without a time.
 * `socket_sequence` counts every frame of a connection, heartbeats included.
 */
export const geminiV1: Exchange = {
  name: 'gemini-v1',
  ...subscribesByUrl,
  map(frame, urlSymbol) {
    if (!isObject(frame)) return undefined;
    const mapped = mapBody(frame, urlSymbol);
    const sequence = frame['socket_sequence'];
    if (mapped !== undefined && Number.isSafeInteger(sequence)) mapped.sequence = sequence as number;
    return mapped;
  },
};

function mapBody(frame: JsonObject, urlSymbol: string): Mapped | undefined {
  const type = frame['type'];
  if (type === 'heartbeat' && 'socket_sequence' in frame) return { is: 'control' };
  if (type !== 'update' || !Array.isArray(frame['events'])) return undefined;
  const events = frame['events'].filter((event) => isObject(event) && event['type'] === 'trade');
  if (events.length === 0) return ignored('book');
  const ms = frame['timestampms'];
  const trades = tradesOf(events, (event) => ({
    symbol: symbolText(event['symbol'] ?? urlSymbol),
    price: positiveDecimal(event['price']),
    volume: positiveDecimal(event['amount']),
    ts: integerMillis(ms ?? event['timestampms']),
    tradeId: tradeId(event['tid']),
  }));
  return typeof trades === 'string' ? malformed(trades) : { is: 'trades', trades, numbering: GEMINI_TRADES };
}
