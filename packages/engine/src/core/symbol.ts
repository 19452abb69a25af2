const QUOTES = 'USDT USDC USD EUR GBP JPY AUD CAD CHF BRL SGD BTC ETH'.split(' ');
const SYMBOL = /^[A-Za-z0-9][A-Za-z0-9._/:-]{0,31}$/;

/** A symbol as exchanges write them, or undefined. */
export const symbolText = (value: unknown): string | undefined =>
  typeof value === 'string' && SYMBOL.test(value) ? value : undefined;

/** Kraken v1's names of two currencies, on either side of a pair; v2 and all other exchanges have those of today. */
export const krakenToday = (name: string): string => name.replace(/\bXBT\b/, 'BTC').replace(/\bXDG\b/, 'DOGE');
export const krakenV1Name = (name: string): string => name.replace(/\bBTC\b/, 'XBT').replace(/\bDOGE\b/, 'XDG');

/** Base and quote apart, as exchanges other than the source's own write them. */
const TWO_PARTS = /^([A-Za-z0-9]+)[-/_]([A-Za-z0-9]+)$/;

/** `BTCUSD`, `BTC/USD` or `btc_usd` with this separator between base and quote: `BTC-USD`; unchanged if it ends with no known quote. */
export function pair(symbol: string, separator: string): string {
  const [, base, second] = TWO_PARTS.exec(symbol) ?? [];
  if (base !== undefined && second !== undefined) return krakenToday(`${base}${separator}${second}`.toUpperCase());
  if (/[^A-Za-z0-9]/.test(symbol)) return symbol;
  const upper = symbol.toUpperCase();
  const quote = QUOTES.find((known) => upper.endsWith(known) && upper.length > known.length);
  return quote === undefined ? upper : `${upper.slice(0, -quote.length)}${separator}${quote}`;
}

/** Whether the text reads as a symbol: its letters end with a known quote. */
export const hasQuote = (text: string): boolean => pair(letters(text), '-').includes('-');

/**
 * Bitfinex's spelling (https://docs.bitfinex.com/docs/symbols-pairs): `tBTCUSD`, with a colon if a side has more than three
 * letters, and Tether is UST, USDC is UDC.
 */
export function bitfinexName(symbol: string): string {
  if (/^t[A-Z]/.test(symbol)) return symbol;
  const sides = pair(letters(symbol), ':')
    .replace(/\bUSDT\b/, 'UST')
    .replace(/\bUSDC\b/, 'UDC')
    .split(':');
  return `t${sides.join(sides.some(({ length }) => length > 3) ? ':' : '')}`;
}

/**
 * Letters and digits only, upper case, with Kraken's XBT as BTC, and without Bitfinex's `t`, its UST as USDT: equal for the same
 * market at every exchange.
 */
export const letters = (symbol: string): string =>
  symbol
    .replace(/^t(?=[A-Z0-9]{3}).*/, (name) =>
      name
        .slice(1)
        .replace(/^UST|UST$/, 'USDT')
        .replace(/^UDC|UDC$/, 'USDC'),
    )
    .toUpperCase()
    .replace(/.+/, krakenToday)
    .replace(/[^A-Z0-9]/g, '')
    .replace(/^XBT/, 'BTC');

/** Whether a frame's own spelling of a symbol is the market that was asked for. */
export const isMarket = (value: unknown, symbol: string): boolean =>
  typeof value === 'string' && letters(value) === letters(symbol);

/**
 * The symbol of a source's URL: `/v1/marketdata/btcusd`, `/ws/btcusdt@trade`, `/stream?streams=btcusdt@trade`, `/btcusd`,
 * `/?symbol=btcusd`. Empty if there is none, as in `/ws` or `/v2`, or more than one.
 */
export function symbolOfUrl(url: string): string {
  const { pathname, searchParams } = new URL(url);
  const after = /\/marketdata\/([^/]+)/i.exec(pathname)?.[1];
  const last = pathname.split('/').findLast((part) => part !== '') ?? '';
  const asked = ['symbol', 'symbols', 'streams'].map((key) => searchParams.get(key) ?? '');
  const named = [last, ...asked].map((text) => text.split('@')[0] as string);
  const isOne = (text: string, at: number) =>
    /^[a-z0-9-]{5,16}$/i.test(text) && hasQuote(text) && !(asked[at - 1] ?? '').includes('/');
  return (after ?? named.find(isOne))?.toUpperCase() ?? '';
}

/**
 * What people are shown for a wire symbol: `configured` for the one market that it means, the wire symbol for any other. The
 * source's configured symbol says which market that is; else the one of its URL, with USDT counting as USD; else the one
 * with the letters of `configured`.
 */
export function displaySymbol(
  wire: string,
  configured: string,
  wireSymbol: string | undefined,
  urlSymbol: string,
): string {
  const own = letters(configured);
  const ofUrl = letters(urlSymbol);
  const asked = ofUrl === own || (own.endsWith('USD') && ofUrl === `${own}T`) ? ofUrl : own;
  const meant = wireSymbol === undefined ? asked : letters(wireSymbol);
  return letters(wire) === meant ? configured : wire;
}
