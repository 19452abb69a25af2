const QUOTE = 0x22;
const COLON = 0x3a;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const DOT = 0x2e;
const DASH = 0x2d;

/** Gemini v1's begin like its other updates. */
const GEMINI_UPDATE = Buffer.from('{"type":"update","eventId":');
const GEMINI_TRADE = Buffer.from('"events":[{"type":"trade","tid":');
/** The end that `"trade"`, `"aggTrade"` and `"market_trades"` share: one search finds all three. */
const RADE = Buffer.from('rade');
/** How the trades of Binance, Coinbase Exchange and Kraken v2 begin as the exchanges write them. */
const BEGINNINGS = ['{"e":"trade",', '{"type":"match","trade_id":', '{"channel":"trade","type":"update",'].map((text) =>
  Buffer.from(text),
);
const MATCH = Buffer.from('"match"');
const UPDATE = Buffer.from('"update"');
const L2_UPDATES = Buffer.from('"l2_updates"');
const LIVE_TRADES = Buffer.from('"live_trades_');
const keys = (...names: string[]) => names.map((name) => Buffer.from(`"${name}"`));
const [ARG, DATA, EVENT, PX, SZ] = keys('arg', 'data', 'event', 'px', 'sz') as [Buffer, Buffer, Buffer, Buffer, Buffer];
/** Marks that trades of other venues under the same names do not have. */
const GEMINI_IDS = keys('tid', 'event_id');
const COINBASE_IDS = keys('product_id', 'trade_id');
const [EVENT_TIME, EVENT_TYPE, ID, PRICE, QUANTITY] = keys('E', 'e', 't', 'p', 'q') as [
  Buffer,
  Buffer,
  Buffer,
  Buffer,
  Buffer,
];

/**
 * Whether a frame carries live trades, from its bytes alone, wherever its fields stand and however they are spaced. It costs
 * native searches, not a parse; the full parse of a kept frame decides what it really is. By feed:
 *
 *     Binance              "e":"trade" or "e":"aggTrade"
 *     Gemini v1, v2        "type":"trade" and tid or event_id, outside of "l2_updates", whose trades are the past
 *     Gemini v3            keys E, t, p, q and no e
 *     Coinbase Exchange    "type":"match" and product_id or trade_id
 *     Coinbase Advanced    "channel":"market_trades" and "type":"update"
 *     Kraken v1            an array with the element "trade"
 *     Kraken v2            "channel":"trade" and "type":"update"
 *     Bybit                "topic":"publicTrade.…"
 *     OKX                  "channel":"trades" or "trades-all", keys arg and data, px or sz, and no event
 *     Bitstamp             "event":"trade" and a text that begins with live_trades_
 *     Bitfinex             an array of a number and "te"
 */
export function looksLikeTrade(frame: Buffer): boolean {
  if (beginsAsTrade(frame)) return true;
  for (let at = frame.indexOf(RADE); at >= 0; at = frame.indexOf(RADE, at + 4)) {
    const verdict = judgeName(frame, at);
    if (verdict !== undefined) return verdict;
  }
  if (frame[skipSpace(frame, 0)] === OPEN_BRACKET) return looksLikeBitfinex(frame);
  if (hasValue(frame, MATCH, 'type')) return hasOneOf(frame, COINBASE_IDS);
  return looksLikeGeminiV3(frame);
}

/**
 * Most trades begin in one of three ways, and Gemini v1's are one search away; a loop over a few bytes costs a tenth of a native
 * search.
 */
export function beginsAsTrade(frame: Buffer): boolean {
  for (const beginning of BEGINNINGS) if (beginsWith(frame, beginning)) return true;
  return beginsWith(frame, GEMINI_UPDATE) && frame.indexOf(GEMINI_TRADE, GEMINI_UPDATE.length) > 0;
}

function beginsWith(frame: Buffer, beginning: Buffer): boolean {
  for (let i = 0; i < beginning.length; i++) if (frame[i] !== beginning[i]) return false;
  return true;
}

/** What the text around `rade` says of the frame; undefined if it is not one of the names, or says nothing. */
function judgeName(frame: Buffer, at: number): boolean | undefined {
  const before = frame[at - 1];
  // "trade"
  if (before === 0x74 && frame[at - 2] === QUOTE && frame[at + 4] === QUOTE) return judgeTrade(frame, at - 2, at + 5);
  // "aggTrade"
  if (before === 0x54 && frame[at + 4] === QUOTE && endsAt(frame, '"agg', at - 1))
    return isValueOf(frame, at - 5, 'e') || undefined;
  // "market_trades"
  if (before === 0x74 && frame[at + 4] === 0x73 && frame[at + 5] === QUOTE && endsAt(frame, '"market_', at - 1))
    return isValueOf(frame, at - 9, 'channel') ? hasValue(frame, UPDATE, 'type') : undefined;
  // "trades", "trades-all"
  if (before === 0x74 && frame[at - 2] === QUOTE && frame[at + 4] === 0x73) return judgeTrades(frame, at);
  // "publicTrade.…"
  if (before === 0x54 && frame[at + 4] === DOT && endsAt(frame, '"public', at - 1))
    return isValueOf(frame, at - 8, 'topic') || undefined;
  return undefined;
}

function judgeTrades(frame: Buffer, at: number): boolean | undefined {
  const isName = frame[at + 5] === QUOTE || (frame[at + 5] === DASH && endsAt(frame, '-all"', at + 10));
  if (!isName || !isValueOf(frame, at - 2, 'channel')) return undefined;
  return hasKey(frame, ARG) && hasKey(frame, DATA) && hasOneOf(frame, [PX, SZ]) && !hasKey(frame, EVENT);
}

function judgeTrade(frame: Buffer, start: number, end: number): boolean | undefined {
  if (isValueOf(frame, start, 'event')) return frame.indexOf(LIVE_TRADES) >= 0;
  if (isValueOf(frame, start, 'e')) return true;
  if (isValueOf(frame, start, 'type')) return frame.indexOf(L2_UPDATES) < 0 && hasOneOf(frame, GEMINI_IDS);
  if (isValueOf(frame, start, 'channel')) return hasValue(frame, UPDATE, 'type');
  if (frame[skipSpace(frame, 0)] !== OPEN_BRACKET || frame[skipSpace(frame, end)] !== COMMA) return undefined;
  const comma = skipSpaceBack(frame, start - 1);
  return (frame[comma] === COMMA && frame[skipSpaceBack(frame, comma - 1)] === CLOSE_BRACKET) || undefined;
}

function looksLikeBitfinex(frame: Buffer): boolean {
  let at = skipSpace(frame, skipSpace(frame, 0) + 1);
  const from = at;
  while (isDigit(frame[at])) at++;
  if (at === from) return false;
  at = skipSpace(frame, at);
  if (frame[at] !== COMMA) return false;
  at = skipSpace(frame, at + 1);
  return endsAt(frame, '"te"', at + 4) && frame[skipSpace(frame, at + 4)] === COMMA;
}

function looksLikeGeminiV3(frame: Buffer): boolean {
  return (
    hasKey(frame, EVENT_TIME) &&
    !hasKey(frame, EVENT_TYPE) &&
    hasKey(frame, ID) &&
    hasKey(frame, PRICE) &&
    hasKey(frame, QUANTITY)
  );
}

function hasValue(frame: Buffer, value: Buffer, key: string): boolean {
  for (let at = frame.indexOf(value); at >= 0; at = frame.indexOf(value, at + value.length))
    if (isValueOf(frame, at, key)) return true;
  return false;
}

const hasOneOf = (frame: Buffer, of: readonly Buffer[]) => of.some((key) => hasKey(frame, key));

function hasKey(frame: Buffer, key: Buffer): boolean {
  for (let at = frame.indexOf(key); at >= 0; at = frame.indexOf(key, at + key.length))
    if (frame[skipSpace(frame, at + key.length)] === COLON) return true;
  return false;
}

function isValueOf(frame: Buffer, at: number, key: string): boolean {
  let i = skipSpaceBack(frame, at - 1);
  if (frame[i] !== COLON) return false;
  i = skipSpaceBack(frame, i - 1);
  return frame[i] === QUOTE && frame[i - key.length - 1] === QUOTE && endsAt(frame, key, i);
}

/** Whether the bytes before `end` are `text`, which is ASCII. */
function endsAt(frame: Buffer, text: string, end: number): boolean {
  for (let i = 1; i <= text.length; i++) if (frame[end - i] !== text.charCodeAt(text.length - i)) return false;
  return true;
}

const isDigit = (byte: number | undefined) => byte !== undefined && byte >= 0x30 && byte <= 0x39;

const isSpace = (byte: number | undefined) => byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d;

function skipSpaceBack(frame: Buffer, from: number): number {
  let i = from;
  while (i >= 0 && isSpace(frame[i])) i--;
  return i;
}

function skipSpace(frame: Buffer, from: number): number {
  let i = from;
  while (i < frame.length && isSpace(frame[i])) i++;
  return i;
}

/** Keeps every Nth of what it is asked about, the Nth first: the same feed at N gives 1/N of its trade frames. */
export class Sampler {
  #count = 0;
  every: number;

  constructor(every: number) {
    this.every = every;
  }

  keep(): boolean {
    if (++this.#count < this.every) return false;
    this.#count = 0;
    return true;
  }
}
