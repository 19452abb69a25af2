import type { Mapped, Trade } from '../../core/tick.ts';
import { KRAKEN_V2_TRADES } from './kraken-v2.ts';
import { Scan } from './scan.ts';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
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
/** Reused for every frame; see `binance-bytes.ts`. */
const trade: Trade = { symbol: '', price: 0.5, volume: 0.5, ts: 0.5, tradeId: 0 };
const mapped: Mapped = { is: 'trades', trades: [trade], numbering: KRAKEN_V2_TRADES };

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
  if (!(price > 0) || !(volume > 0)) return undefined;
  trade.symbol = symbol.text;
  trade.price = price;
  trade.volume = volume;
  trade.ts = ts;
  trade.tradeId = tradeId;
  return mapped;
}
