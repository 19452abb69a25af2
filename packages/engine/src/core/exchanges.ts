import type { ExchangeName, Source } from '@hybrid-soak/contract/config.ts';
import { bitfinexName, krakenV1Name, letters, pair } from './symbol.ts';

/** What is known of a public feed without connecting to it; its frames are mapped by the file of that name in `feeds/exchanges/`. */
export interface ExchangeSite {
  name: ExchangeName;
  /** Whether a source's URL belongs to this feed. */
  serves(url: URL): boolean;
  /** The exchange's own spelling of a symbol such as BTCUSD. */
  wireSymbol(symbol: string): string;
  /** True if a subscription is sent after open; false if the URL subscribes. */
  asks: boolean;
  /** What tells two id spaces of one host apart. */
  part?(url: URL): string;
}

const isKraken = (hostname: string): boolean => /^(beta-)?ws\.kraken\.com$/.test(hostname);

const BYBIT_PATH = /^\/v5\/public\/(spot|linear|inverse|option)\/?$/;

/** In the order in which a URL is offered to them; the first that serves it is its exchange. */
export const EXCHANGE_SITES: readonly ExchangeSite[] = [
  {
    name: 'binance',
    serves: ({ hostname, pathname, search }) =>
      /(^|\.)binance\.(com|us|tr|vision)$/.test(hostname) ||
      /^\/ws\/[a-z0-9]+@(trade|aggTrade)/.test(pathname) ||
      (pathname === '/stream' && search.includes('streams=')),
    wireSymbol: letters,
    asks: false,
  },
  {
    name: 'gemini-v1',
    serves: ({ pathname }) => /^\/v1\/(marketdata\/|multimarketdata$)/.test(pathname),
    wireSymbol: letters,
    asks: false,
  },
  {
    name: 'coinbase-advanced',
    serves: ({ hostname }) => hostname === 'advanced-trade-ws.coinbase.com',
    wireSymbol: (symbol) => pair(symbol, '-'),
    asks: true,
  },
  {
    name: 'kraken-v2',
    serves: ({ hostname, pathname }) =>
      /^\/v2\/?$/.test(pathname) || (isKraken(hostname) && pathname.startsWith('/v2')),
    wireSymbol: (symbol) => pair(symbol, '/'),
    asks: true,
  },
  {
    name: 'kraken-v1',
    serves: ({ hostname, pathname }) => isKraken(hostname) && pathname.replace(/\/$/, '') === '',
    wireSymbol: (symbol) => krakenV1Name(pair(symbol, '/')),
    asks: true,
  },
  {
    name: 'coinbase-exchange',
    serves: ({ hostname }) => /^ws-(feed|direct)(-public)?(\.[a-z]+)*\.coinbase\.com$/.test(hostname),
    wireSymbol: (symbol) => pair(symbol, '-'),
    asks: true,
  },
  {
    name: 'gemini-v2',
    serves: ({ pathname }) => /^\/v2\/marketdata\/?$/.test(pathname),
    wireSymbol: letters,
    asks: true,
  },
  {
    name: 'gemini-v3',
    serves: ({ hostname }) => /^ws\.(sandbox\.)?gemini\.com$/.test(hostname),
    wireSymbol: (symbol) => letters(symbol).toLowerCase(),
    asks: true,
  },
  {
    name: 'bybit',
    serves: ({ pathname }) => BYBIT_PATH.test(pathname),
    wireSymbol: letters,
    asks: true,
    // Spot and perpetuals spell their symbols alike.
    part: ({ pathname }) => BYBIT_PATH.exec(pathname)?.[1] ?? '',
  },
  {
    name: 'okx',
    serves: ({ hostname, pathname }) =>
      /(^|\.)okx\.com$/.test(hostname) || /^\/ws\/v5\/(public|business)$/.test(pathname),
    wireSymbol: (symbol) => pair(symbol, '-'),
    asks: true,
  },
  {
    name: 'bitstamp',
    serves: ({ hostname }) => /^ws\.bitstamp\.net$/.test(hostname),
    wireSymbol: letters,
    asks: true,
  },
  {
    name: 'bitfinex',
    serves: ({ hostname, pathname }) => /^api(-pub)?\.bitfinex\.com$/.test(hostname) || /^\/ws\/2\/?$/.test(pathname),
    wireSymbol: bitfinexName,
    asks: true,
  },
];

/** The exchange that a source names, else the one that its URL belongs to; undefined for any other server. */
export function siteOfSource(source: Pick<Source, 'url' | 'exchange'>): ExchangeSite | undefined {
  if (source.exchange !== undefined) return EXCHANGE_SITES.find(({ name }) => name === source.exchange);
  const url = new URL(source.url);
  return EXCHANGE_SITES.find((site) => site.serves(url));
}

/** Hosts that show the same trades under the same numbers as the one that their venue is called by. */
const SAME_VENUE: Readonly<Record<string, string>> = {
  'data-stream.binance.vision': 'stream.binance.com',
  'ws.gemini.com': 'api.gemini.com',
  'ws.sandbox.gemini.com': 'api.sandbox.gemini.com',
  'advanced-trade-ws.coinbase.com': 'ws-feed.exchange.coinbase.com',
  'ws-direct.exchange.coinbase.com': 'ws-feed.exchange.coinbase.com',
  'ws-feed.pro.coinbase.com': 'ws-feed.exchange.coinbase.com',
};

/**
 * The space of trade ids that a source belongs to: the name that its configuration gives, else its exact host. Spot, futures,
 * national sites, test nets and unknown hosts are venues of their own. A port tells servers of one machine apart.
 */
export function venueOf({ url, venue }: Pick<Source, 'url' | 'venue'>): string {
  if (venue !== undefined) return venue;
  const parsed = new URL(url);
  const { hostname, host } = parsed;
  const isPublic = /[a-z]/.test(hostname) && hostname.includes('.');
  const part = EXCHANGE_SITES.find((site) => site.serves(parsed))?.part?.(parsed);
  return [isPublic ? (SAME_VENUE[hostname] ?? hostname) : host, part].filter(Boolean).join('/');
}
