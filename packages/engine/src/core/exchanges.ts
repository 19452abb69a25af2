import type { ExchangeName, Source } from '@hybrid-soak/contract/config.ts';
import { letters, pair } from './symbol.ts';

/** What is known of a public feed without connecting to it; its frames are mapped by the file of that name in `feeds/exchanges/`. */
export interface ExchangeSite {
  name: ExchangeName;
  /** Feeds of one venue show the same trades under the same numbers. */
  venue: string;
  /** Whether a source's URL belongs to this feed. */
  serves(url: URL): boolean;
  /** The exchange's own spelling of a symbol such as BTCUSD. */
  wireSymbol(symbol: string): string;
  /** True if a subscription is sent after open; false if the URL subscribes. */
  asks: boolean;
}

const isKraken = (hostname: string): boolean => /^(beta-)?ws\.kraken\.com$/.test(hostname);

/** In the order in which a URL is offered to them; the first that serves it is its exchange. */
export const EXCHANGE_SITES: readonly ExchangeSite[] = [
  {
    name: 'binance',
    venue: 'binance',
    serves: ({ hostname, pathname, search }) =>
      /(^|\.)binance\.(com|us|vision)$/.test(hostname) ||
      /^\/ws\/[a-z0-9]+@(trade|aggTrade)/.test(pathname) ||
      (pathname === '/stream' && search.includes('streams=')),
    wireSymbol: letters,
    asks: false,
  },
  {
    name: 'gemini-v1',
    venue: 'gemini',
    serves: ({ pathname }) => /^\/v1\/marketdata\//.test(pathname),
    wireSymbol: letters,
    asks: false,
  },
  {
    name: 'coinbase-advanced',
    venue: 'coinbase',
    serves: ({ hostname }) => hostname === 'advanced-trade-ws.coinbase.com',
    wireSymbol: (symbol) => pair(symbol, '-'),
    asks: true,
  },
  {
    name: 'kraken-v2',
    venue: 'kraken',
    serves: ({ hostname, pathname }) =>
      /^\/v2\/?$/.test(pathname) || (isKraken(hostname) && pathname.startsWith('/v2')),
    wireSymbol: (symbol) => pair(symbol, '/'),
    asks: true,
  },
  {
    name: 'kraken-v1',
    venue: 'kraken',
    serves: ({ hostname, pathname }) => isKraken(hostname) && pathname.replace(/\/$/, '') === '',
    wireSymbol: (symbol) => pair(symbol, '/').replace(/^BTC\//, 'XBT/'),
    asks: true,
  },
  {
    name: 'coinbase-exchange',
    venue: 'coinbase',
    serves: ({ hostname }) => /^ws-(feed|direct)(-public)?(\.[a-z]+)*\.coinbase\.com$/.test(hostname),
    wireSymbol: (symbol) => pair(symbol, '-'),
    asks: true,
  },
  {
    name: 'gemini-v2',
    venue: 'gemini',
    serves: ({ pathname }) => /^\/v2\/marketdata\/?$/.test(pathname),
    wireSymbol: letters,
    asks: true,
  },
  {
    name: 'gemini-v3',
    venue: 'gemini',
    serves: ({ hostname }) => /^ws\.(sandbox\.)?gemini\.com$/.test(hostname),
    wireSymbol: (symbol) => letters(symbol).toLowerCase(),
    asks: true,
  },
];

/** The exchange that a source names, else the one that its URL belongs to; undefined for any other server. */
export function siteOfSource(source: Pick<Source, 'url' | 'exchange'>): ExchangeSite | undefined {
  if (source.exchange !== undefined) return EXCHANGE_SITES.find(({ name }) => name === source.exchange);
  const url = new URL(source.url);
  return EXCHANGE_SITES.find((site) => site.serves(url));
}

/**
 * A site of an exchange that numbers its trades apart from the main one, or a stream that numbers something else; undefined
 * for the main one.
 */
export function siteOf(url: string): string | undefined {
  return /sandbox|testnet|\.us(?=[:/])|@aggTrade/.exec(url)?.[0];
}
