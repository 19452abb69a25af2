import type { Mapped } from '../../core/tick.ts';
import { BINANCE_TRADES } from './binance.ts';
import { bytes, oneTrade } from './one-trade.ts';
import { Scan } from './scan.ts';

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
const found = oneTrade(BINANCE_TRADES);

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
  return found(symbol.text, price, volume, ts, tradeId);
}
