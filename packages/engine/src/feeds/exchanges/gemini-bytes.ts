import type { Mapped } from '../../core/tick.ts';
import { GEMINI_TRADES } from './gemini-v1.ts';
import { bytes, oneTrade } from './one-trade.ts';
import { Scan } from './scan.ts';

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
const found = oneTrade(GEMINI_TRADES);

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
  const mapped = found(symbol, price, volume, ts, tradeId);
  if (mapped !== undefined) mapped.sequence = sequence;
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
