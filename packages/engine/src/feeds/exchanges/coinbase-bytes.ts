import type { Mapped } from '../../core/tick.ts';
import { COINBASE_TRADES } from './coinbase-exchange.ts';
import { bytes, oneTrade } from './one-trade.ts';
import { Scan } from './scan.ts';

const MATCH = bytes('{"type":"match","trade_id":');
const MAKER = bytes(',"maker_order_id":"');
const TAKER = bytes(',"taker_order_id":"');
const SIDE = bytes(',"side":"');
const SIZE = bytes(',"size":"');
const PRICE = bytes('","price":"');
const PRODUCT = bytes('","product_id":"');
const SEQUENCE = bytes(',"sequence":');
const TIME = bytes(',"time":"');
const END = bytes('"}');
const scan = new Scan();
const symbol = { text: '' };
const found = oneTrade(COINBASE_TRADES);

/**
 * `coinbaseExchange.map` for a `match` in the exchange's own order and spelling, in one pass over its bytes. Undefined for any
 * other frame: the full parser decides. The result is valid until the next call.
 */
export function mapCoinbaseBytes(frame: Buffer): Mapped | undefined {
  const s = scan.over(frame);
  if (!s.literal(MATCH) || !s.integer()) return undefined;
  const tradeId = s.number;
  if (!s.literal(MAKER) || s.word() === undefined || !s.literal(TAKER) || s.word() === undefined) return undefined;
  if (!s.literal(SIDE) || s.word() === undefined) return undefined;
  if (!s.literal(SIZE) || !s.decimal()) return undefined;
  const volume = s.number;
  if (!s.literal(PRICE) || !s.decimal()) return undefined;
  const price = s.number;
  if (!s.literal(PRODUCT) || !s.sameWord(symbol)) return undefined;
  if (!s.literal(SEQUENCE) || !s.integer()) return undefined;
  if (!s.literal(TIME) || !s.isoMillis()) return undefined;
  const ts = s.number;
  if (!s.literal(END) || !s.atEnd()) return undefined;
  return found(symbol.text, price, volume, ts, tradeId);
}
