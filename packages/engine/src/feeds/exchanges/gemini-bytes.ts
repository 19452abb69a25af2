import { saneMillis } from '../../core/decimal.ts';
import type { Mapped, Trade } from '../../core/tick.ts';
import { GEMINI_TRADES } from './gemini-v1.ts';
import { Scan } from './scan.ts';

const bytes = (text: string) => Uint8Array.from(Buffer.from(text, 'latin1'));
const UPDATE = bytes('{"type":"update","eventId":');
const TIMESTAMP = bytes(',"timestamp":');
const MILLIS = bytes(',"timestampms":');
const SEQUENCE = bytes(',"socket_sequence":');
const TRADE = bytes(',"events":[{"type":"trade","tid":');
const PRICE = bytes(',"price":"');
const AMOUNT = bytes('","amount":"');
const MAKER = bytes('","makerSide":"');
const CHANGE = bytes('},{"type":"change","reason":"trade","price":"');
const DELTA = bytes('","delta":"-');
const REMAINING = bytes('","remaining":"');
const SIDE = bytes('","side":"');
const END = bytes('}]}');
const scan = new Scan();
/** Reused for every frame; see `binance-bytes.ts`. */
const trade: Trade = { symbol: '', price: 0.5, volume: 0.5, ts: 0.5, tradeId: 0 };
const mapped: Mapped = { is: 'trades', trades: [trade], numbering: GEMINI_TRADES, sequence: 0 };

/**
 * `geminiV1.map` for the most frequent frame, one v1 trade, alone or with its paired change, in the exchange's own
 * order and spelling, in one pass over its bytes. Undefined for any other frame: the full parser decides. The result is valid
 * until the next call.
 */
export function mapGeminiBytes(frame: Buffer, symbol: string): Mapped | undefined {
  const s = scan.over(frame);
  if (!s.literal(UPDATE) || !s.integer() || !s.literal(TIMESTAMP) || !s.integer()) return undefined;
  if (!s.literal(MILLIS) || !s.integer()) return undefined;
  const ts = s.number;
  if (!s.literal(SEQUENCE) || !s.integer()) return undefined;
  const sequence = s.number;
  if (!s.literal(TRADE) || !s.integer()) return undefined;
  const tradeId = s.number;
  if (!s.literal(PRICE) || !s.decimal()) return undefined;
  const price = s.number;
  if (!s.literal(AMOUNT) || !s.decimal()) return undefined;
  const volume = s.number;
  if (!s.literal(MAKER) || s.word() === undefined) return undefined;
  if (s.literal(CHANGE) && !pairedChange(s)) return undefined;
  if (!s.literal(END) || !s.atEnd()) return undefined;
  if (!(price > 0) || !(volume > 0) || saneMillis(ts) === undefined) return undefined;
  trade.symbol = symbol;
  trade.price = price;
  trade.volume = volume;
  trade.ts = ts;
  trade.tradeId = tradeId;
  mapped.sequence = sequence;
  return mapped;
}

const pairedChange = (s: Scan) =>
  s.decimal() &&
  s.literal(DELTA) &&
  s.decimal() &&
  s.literal(REMAINING) &&
  s.decimal() &&
  s.literal(SIDE) &&
  s.word() !== undefined;
