// ccxt pro (https://docs.ccxt.com): watchTrades of Binance, pointed at the local exchange.
import { pathToFileURL } from 'node:url';
import { sameRows } from '../parts/same-rows.ts';

interface Trade {
  id: string;
  symbol: string;
  price: number;
  amount: number;
  timestamp: number;
}
interface Exchange {
  urls: { api: { ws: { spot: string } } };
  loadHttpProxyAgent(): Promise<unknown>;
  setMarkets(markets: Record<string, unknown>): void;
  watchTrades(symbol: string): Promise<Trade[]>;
}

const [url, path, folder] = process.argv.slice(2) as [string, string, string];
const { default: ccxt } = (await import(pathToFileURL(`${folder}/node_modules/ccxt/js/ccxt.js`).href)) as {
  default: { pro: { binance: new (options: object) => Exchange } };
};
const exchange = new ccxt.pro.binance({ newUpdates: true });
exchange.urls.api.ws.spot = new URL('/ws', url).href;
// What it would ask the exchange for over REST.
const market = { id: 'BTCUSDT', lowercaseId: 'btcusdt', symbol: 'BTC/USDT', base: 'BTC', quote: 'USDT' };
const kind = { type: 'spot', spot: true, active: true, contract: false, option: false, margin: false };
exchange.setMarkets({ 'BTC/USDT': { ...market, baseId: 'BTC', quoteId: 'USDT', ...kind, precision: {}, limits: {} } });
// It wants an agent for URLs without TLS.
await exchange.loadHttpProxyAgent();
const keep = sameRows(path, 'ccxt');
process.on('disconnect', () => process.exit());
for (;;)
  for (const { id, symbol, price, amount, timestamp } of await exchange.watchTrades('BTC/USDT'))
    keep({ symbol, price, volume: amount, ts: timestamp, tradeId: id });
