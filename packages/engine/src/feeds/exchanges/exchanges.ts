import type { Source } from '@hybrid-soak/contract/config.ts';
import { siteOfSource } from '../../core/exchanges.ts';
import { binance } from './binance.ts';
import { bitfinex } from './bitfinex.ts';
import { bitstamp } from './bitstamp.ts';
import { bybit } from './bybit.ts';
import { coinbaseAdvanced } from './coinbase-advanced.ts';
import { coinbaseExchange } from './coinbase-exchange.ts';
import type { Exchange } from './exchange.ts';
import { geminiV1 } from './gemini-v1.ts';
import { geminiV2 } from './gemini-v2.ts';
import { geminiV3 } from './gemini-v3.ts';
import { krakenV1 } from './kraken-v1.ts';
import { krakenV2 } from './kraken-v2.ts';
import { okx } from './okx.ts';

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
  bybit,
  okx,
  bitstamp,
  bitfinex,
];

/** The feed of a source; undefined for a server that no exchange is known by. */
export function exchangeOf(source: Pick<Source, 'url' | 'exchange'>): Exchange | undefined {
  const site = siteOfSource(source);
  return EXCHANGES.find(({ name }) => name === site?.name);
}
