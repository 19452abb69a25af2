const QUOTES = ['USDT', 'USDC', 'USD', 'EUR', 'GBP', 'BTC', 'ETH'];

/** `BTCUSD` with a separator between base and quote: `BTC-USD`; unchanged if it ends with no known quote. */
export function pair(symbol: string, separator: string): string {
  if (/[^A-Za-z0-9]/.test(symbol)) return symbol;
  const upper = symbol.toUpperCase();
  const quote = QUOTES.find((known) => upper.endsWith(known) && upper.length > known.length);
  return quote === undefined ? upper : `${upper.slice(0, -quote.length)}${separator}${quote}`;
}

/** Whether the text reads as a symbol: its letters end with a known quote. */
export const hasQuote = (text: string): boolean => pair(letters(text), '-').includes('-');

/** Letters and digits only, upper case, with Kraken's XBT as BTC: the same market has the same letters everywhere. */
export const letters = (symbol: string): string =>
  symbol
    .toUpperCase()
    .replace(/[^A-Z0-9]/g, '')
    .replace(/^XBT/, 'BTC');
