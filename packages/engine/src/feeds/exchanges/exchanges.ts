import type { Source } from '@hybrid-soak/contract/config.ts';
import { binance } from './binance.ts';
import { coinbaseAdvanced } from './coinbase-advanced.ts';
import { coinbaseExchange } from './coinbase-exchange.ts';
import type { Exchange } from './exchange.ts';
import { geminiV1 } from './gemini-v1.ts';
import { geminiV2 } from './gemini-v2.ts';
import { geminiV3 } from './gemini-v3.ts';
import { krakenV1 } from './kraken-v1.ts';
import { krakenV2 } from './kraken-v2.ts';

/** The order in which a frame is offered to them: the busiest first, and no shape is claimed by two. */
export const EXCHANGES: readonly Exchange[] = [
  binance,
  geminiV1,
  coinbaseAdvanced,
  krakenV2,
  krakenV1,
  coinbaseExchange,
  geminiV2,
  geminiV3,
];

/** The exchange of a source: the one that it names, else the one whose URL it has; undefined for any other server. */
export function exchangeOf(source: Pick<Source, 'url' | 'exchange'>): Exchange | undefined {
  if (source.exchange !== undefined) return EXCHANGES.find(({ name }) => name === source.exchange);
  const url = new URL(source.url);
  return EXCHANGES.find((exchange) => exchange.serves(url));
}

/**
 * A site of an exchange that numbers its trades apart from the main one, or a stream that numbers something else; undefined
 * for the main one.
 */
export function siteOf(url: string): string | undefined {
  return /sandbox|testnet|\.us(?=[:/])|@aggTrade/.exec(url)?.[0];
}
