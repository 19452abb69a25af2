import { saneMillis } from '../../core/decimal.ts';
import type { Mapped, Trade } from '../../core/tick.ts';
import { BINANCE_TRADES } from './binance.ts';
import { Scan } from './scan.ts';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const E = bytes('{"e":"trade","E":');
const S = bytes(',"s":"');
const ID = bytes(',"t":');
const P = bytes(',"p":"');
const Q = bytes('","q":"');
const END_OF_Q = bytes('"');
const T = bytes(',"T":');
const M_TRUE = bytes(',"m":true');
const M_FALSE = bytes(',"m":false');
const M_IGNORED = bytes(',"M":true');
const END = bytes('}');
const scan = new Scan();
const symbol = { text: '' };
/** Reused for every frame: a new object each time would be half of all garbage. */
const trade: Trade = { symbol: '', price: 0.5, volume: 0.5, ts: 0.5, tradeId: 0 };
const mapped: Mapped = { is: 'trades', trades: [trade], numbering: BINANCE_TRADES };

/**
 * `binance.map` for the most frequent frame, the raw `trade` in the exchange's own order and spelling, in one
 * pass over its bytes. Undefined for any other frame, an unusual trade included: the full parser decides. The result is
 * valid until the next call.
 */
export function mapBinanceBytes(frame: Buffer): Mapped | undefined {
  const s = scan.over(frame);
  if (!s.literal(E) || !s.integer() || !s.literal(S) || !s.sameWord(symbol)) return undefined;
  if (!s.literal(ID) || !s.integer()) return undefined;
  const tradeId = s.number;
  if (!s.literal(P) || !s.decimal()) return undefined;
  const price = s.number;
  if (!s.literal(Q) || !s.decimal()) return undefined;
  const volume = s.number;
  if (!s.literal(END_OF_Q) || !s.literal(T) || !s.integer()) return undefined;
  const ts = s.number;
  if (!s.literal(M_TRUE) && !s.literal(M_FALSE)) return undefined;
  s.literal(M_IGNORED);
  if (!s.literal(END) || !s.atEnd()) return undefined;
  if (!(price > 0) || !(volume > 0) || saneMillis(ts) === undefined) return undefined;
  trade.symbol = symbol.text;
  trade.price = price;
  trade.volume = volume;
  trade.ts = ts;
  trade.tradeId = tradeId;
  return mapped;
}
