import { integerMillis, positiveDecimal, tradeId } from '../core/decimal.ts';
import { isObject, parseJson } from '../core/json.ts';
import type { Mapped } from '../core/tick.ts';
import { malformed, symbolText, tradeOf } from './exchanges/exchange.ts';

/** Whether a parsed line is a tick: no frame of an exchange has these four keys and no name of its own. */
export const isRecordedTick = (line: unknown): line is { source?: unknown } =>
  isObject(line) && ['symbol', 'price', 'volume', 'ts'].every((key) => key in line) && !('type' in line || 'e' in line);

/**
 * A tick as the engine keeps them, which is no exchange's frame:
 *
 *     {"symbol":"BTCUSD","price":84106.09,"volume":0.00007,"ts":1751508438600}
 *
 * with `source` and `trade_id` where they are known. It was judged once, so that none is a duplicate; a volume of zero is
 * let through, as the earlier system wrote it.
 */
export function mapRecordedTick(line: Buffer): Mapped {
  const tick = parseJson(line.toString('utf8'));
  if (!isObject(tick)) return malformed('not a JSON object');
  const { symbol, price, volume, ts, trade_id: id } = tick;
  const trade = tradeOf({
    symbol: symbolText(symbol),
    price: positiveDecimal(price),
    volume: volume === 0 ? 0 : positiveDecimal(volume),
    ts: integerMillis(ts),
    tradeId: id === undefined || id === null ? null : tradeId(id),
  });
  return typeof trade === 'string' ? malformed(trade) : { is: 'trades', trades: [trade], numbering: null };
}
