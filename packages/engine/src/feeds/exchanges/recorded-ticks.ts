import { recordedTime } from '@hybrid-soak/contract/recorded-time.ts';
import { positiveDecimal, tradeId } from '../../core/decimal.ts';
import { isObject, type JsonObject, parseExact } from '../../core/json.ts';
import { symbolText } from '../../core/symbol.ts';
import type { Mapped } from '../../core/tick.ts';
import { malformed, tradeOf } from './exchange.ts';

const SYMBOL = ['symbol', 'pair', 'product_id', 'market', 'instrument'];
const VOLUME = ['volume', 'qty', 'quantity', 'size', 'amount'];
const TIME = ['ts', 'timestamp', 'time', 'ts_ms', 'timestampms', 'timestamp_ms', 'datetime'];
const ID = ['trade_id', 'tradeId', 'tid'];
/** All that a line of a tick may have. */
const KEYS = new Set(['price', 'source', 'type', 'venue', 'wire_symbol', ...SYMBOL, ...VOLUME, ...TIME, ...ID]);

/**
 * Whether a parsed line is a tick: a price, a volume and a time under one of their names each, and no key that a tick does not
 * have. Any other key (`side`, `seq`, `feed`) is the mark of an exchange's own frame.
 */
export const isRecordedTick = (line: unknown): line is JsonObject =>
  isObject(line) &&
  'price' in line &&
  [VOLUME, TIME].every((names) => names.filter((name) => name in line).length === 1) &&
  Object.keys(line).every((key) => KEYS.has(key)) &&
  (line['type'] === undefined || line['type'] === 'tick');

/**
 * A tick as the engine keeps them, not an exchange's frame:
 *
 *     {"symbol":"BTCUSD","price":84106.09,"volume":0.00007,"ts":1751508438600}
 *
 * with `source`, `trade_id`, `venue` and `wire_symbol` if they are known; other recorders' names of the same are read too, and
 * any unit of time. One without a symbol is of market `symbol`. It was deduplicated when it was recorded, so none is a duplicate; a volume of
 * zero is accepted, as the earlier system wrote it.
 */
export function mapRecordedTick(line: Buffer, symbol: string): Mapped {
  const tick = parseExact(line.toString('utf8'));
  if (!isObject(tick)) return malformed('not a JSON object');
  const volume = firstOf(tick, VOLUME);
  const id = firstOf(tick, ID);
  const trade = tradeOf({
    symbol: symbolText(tick['wire_symbol'] ?? firstOf(tick, SYMBOL) ?? symbol),
    price: positiveDecimal(tick['price']),
    volume: Number(volume) === 0 && volume !== '' ? 0 : positiveDecimal(volume),
    ts: recordedTime(firstOf(tick, TIME)) ?? undefined,
    tradeId: id === undefined || id === null ? null : tradeId(id),
  });
  return typeof trade === 'string' ? malformed(trade) : { is: 'trades', trades: [trade], numbering: null };
}

const firstOf = (tick: JsonObject, names: string[]): unknown => tick[names.find((name) => name in tick) ?? ''];
