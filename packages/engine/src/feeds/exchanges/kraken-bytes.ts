import type { Mapped } from '../../core/tick.ts';
import { KRAKEN_V2_TRADES } from './kraken-v2.ts';
import { bytes, oneTrade } from './one-trade.ts';
import { Scan } from './scan.ts';

const UPDATE = bytes('{"channel":"trade","type":"update","data":[{"symbol":"');
const SIDE = bytes(',"side":"');
const PRICE = bytes(',"price":');
const QUANTITY = bytes(',"qty":');
const KIND = bytes(',"ord_type":"');
const ID = bytes(',"trade_id":');
const TIME = bytes(',"timestamp":"');
const END = bytes('"}]}');
const scan = new Scan();
const symbol = { text: '' };
const found = oneTrade(KRAKEN_V2_TRADES);

/**
 * `krakenV2.map` for an update of one trade in the exchange's own order and spelling, in one pass over its bytes. Undefined for
 * any other frame, one with several trades or an exponent included: the full parser decides. The result is valid until the next
 * call.
 */
export function mapKrakenBytes(frame: Buffer): Mapped | undefined {
  const s = scan.over(frame);
  if (!s.literal(UPDATE) || !s.sameWord(symbol)) return undefined;
  if (!s.literal(SIDE) || s.word() === undefined) return undefined;
  if (!s.literal(PRICE) || !s.jsonDecimal()) return undefined;
  const price = s.number;
  if (!s.literal(QUANTITY) || !s.jsonDecimal()) return undefined;
  const volume = s.number;
  if (!s.literal(KIND) || s.word() === undefined) return undefined;
  if (!s.literal(ID) || !s.integer()) return undefined;
  const tradeId = s.number;
  if (!s.literal(TIME) || !s.isoMillis()) return undefined;
  const ts = s.number;
  if (!s.literal(END) || !s.atEnd()) return undefined;
  return found(symbol.text, price, volume, ts, tradeId);
}
