import { isObject, parseExact, parseJson } from '../../core/json.ts';
import { hasQuote, letters } from '../../core/symbol.ts';
import type { Mapped } from '../../core/tick.ts';
import { mapBinanceBytes } from './binance-bytes.ts';
import { ignored, malformed } from './exchange.ts';
import { EXCHANGES } from './exchanges.ts';
import { mapGeminiBytes } from './gemini-bytes.ts';

/** The same as `mapFrame`, a few times faster for the frames that come by the thousand. Never throws. */
export function mapBytes(frame: Buffer, urlSymbol: string): Mapped {
  return mapBinanceBytes(frame) ?? mapGeminiBytes(frame, urlSymbol) ?? mapFrame(frame.toString('utf8'), urlSymbol);
}

/**
 * One raw text frame to what it means. The exchange is told by the frame itself, not by the source's name. `urlSymbol` is
 * the symbol of the source's URL, for exchanges whose frames do not name it. Never throws.
 */
export function mapFrame(raw: string, urlSymbol: string): Mapped {
  const mapped = mapParsed(parseJson(raw), urlSymbol);
  // An id or a time beyond 2^53 is refused by the mappers as a number; as text it may be sound.
  if (mapped.is !== 'malformed' || !/\d{16}/.test(raw)) return mapped;
  return mapParsed(parseExact(raw), urlSymbol);
}

function mapParsed(frame: unknown, urlSymbol: string): Mapped {
  if (frame === undefined) return malformed('not JSON');
  if (typeof frame !== 'object' || frame === null) return malformed('not a JSON object');
  for (const exchange of EXCHANGES) {
    const mapped = exchange.map(frame, urlSymbol);
    if (mapped !== undefined) return mapped;
  }
  if (!isObject(frame)) return ignored('array');
  return ignored(frame['type'] ?? frame['event'] ?? frame['channel']);
}

/**
 * The symbol that a source's URL names: `/v1/marketdata/btcusd`, `/ws/btcusdt@trade`, `/btcusd`, `/?symbol=btcusd`. Empty
 * where there is none, as in `/ws` or `/v2`.
 */
export function symbolOfUrl(url: string): string {
  const { pathname, searchParams } = new URL(url);
  const after = /\/marketdata\/([^/]+)/i.exec(pathname)?.[1];
  const last =
    pathname
      .split('/')
      .findLast((part) => part !== '')
      ?.split('@')[0] ?? '';
  const asked = searchParams.get('symbol') ?? searchParams.get('symbols') ?? '';
  const name = after ?? [last, asked].find((text) => /^[a-z0-9-]{5,16}$/i.test(text) && hasQuote(text));
  return name?.toUpperCase() ?? '';
}

/**
 * The config's symbol for a wire symbol: the source's own where it names one, else the same letters, with USDT counting
 * as USD. Any other symbol keeps its wire name, so that two markets never mix in one series.
 */
export function canonicalSymbol(wire: string, configured: string, sourceSymbol: string | undefined): string {
  const name = letters(wire);
  if (sourceSymbol !== undefined) return name === letters(sourceSymbol) ? configured : wire;
  const own = letters(configured);
  return name === own || (own.endsWith('USD') && name === `${own}T`) ? configured : wire;
}
