import { configSchema, type ExchangeName } from '@hybrid-soak/contract/config.ts';
import { siteOfSource } from '@hybrid-soak/engine/core/exchanges.ts';
import { startSources } from '@hybrid-soak/engine/feeds/sources.ts';
import { Pipeline } from '@hybrid-soak/engine/pipeline.ts';
import { serve } from '@hybrid-soak/feed/serve.ts';
import t from 'tap';
import { ticksOf } from '../ticks.ts';
import { sourceOf, sourcesRules, until } from './scripted-server.ts';

const PATHS: [exchange: ExchangeName, path: string, wire: string][] = [
  ['bybit', '/v5/public/spot', 'BTCUSDT'],
  ['okx', '/ws/v5/public', 'BTC-USDT'],
  ['bitstamp', '/bitstamp', 'BTCUSDT'],
  ['bitfinex', '/ws/2', 'tBTCUST'],
];

for (const [exchange, path, wire] of PATHS)
  t.test(`${exchange}: subscribed to over a real socket, its trades are ticks, each once`, async (t) => {
    const served = await serve({ port: 0, host: '127.0.0.1', rate: 2000, seed: 3 });
    t.teardown(() => served.close());
    const source = sourceOf(`ws://127.0.0.1:${served.port}${path}`, { exchange });
    const symbol = siteOfSource(source)?.wireSymbol('BTCUSDT') ?? '';
    const pipeline = new Pipeline(configSchema.parse({ app: { symbol: 'BTCUSDT' } }));
    const events = {
      frame: (origin: Parameters<Pipeline['onFrame']>[0], bytes: Buffer) => pipeline.onFrame(origin, bytes, 0),
      log: () => {},
      hopeless: () => {},
    };
    const feed = startSources([{ ...source, symbol }], sourcesRules(t), events);
    await until(() => pipeline.counters.ticks >= 200);
    t.equal(feed.connection(), 'connected');
    await feed.stop();
    const { received, control, history, ticks: taken } = pipeline.counters;
    const { ticks, gaps } = pipeline.takeRows();
    const seen = ticksOf(ticks, pipeline.markets);
    t.equal(new Set(seen.map(({ tradeId }) => tradeId)).size, taken);
    t.match(seen[0], { symbol: 'BTCUSDT', wire, price: Number, ts: Number });
    t.same([gaps, pipeline.unaccounted(), received - control - history], [[], 0, taken]);
  });
