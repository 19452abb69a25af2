import { configSchema } from '@hybrid-soak/contract/config.ts';
import { letters } from '@hybrid-soak/engine/core/symbol.ts';
import { startSources } from '@hybrid-soak/engine/feeds/sources.ts';
import { Pipeline } from '@hybrid-soak/engine/pipeline.ts';
import t, { type Test } from 'tap';
import { CONTROL, HISTORY, IGNORED, LIVE } from '../../fixtures/frames.ts';
import { ticksOf } from '../ticks.ts';
import { scripted, sourceOf, sourcesRules, until } from './scripted-server.ts';

const TRADES = 200;
type Names = { live: keyof typeof LIVE; around?: string[] };

/** What one connection to each feed begins with and has in between, as it was recorded. */
const TRAFFIC: Record<string, Names> = {
  binance: { live: 'binance', around: [CONTROL['binance acknowledgement'], IGNORED['binance kline']] },
  'binance combined': { live: 'binance combined', around: [IGNORED['binance combined kline']] },
  'binance aggTrade': { live: 'binance aggTrade' },
  'gemini v1': { live: 'gemini v1', around: [IGNORED['gemini v1 whole book'], CONTROL['gemini v1 heartbeat']] },
  'gemini v2': { live: 'gemini v2', around: [HISTORY['gemini v2'], CONTROL['gemini v2 heartbeat']] },
  'gemini v2 of 2021': { live: 'gemini v2 of 2021', around: [IGNORED['gemini v2 book']] },
  'gemini v3': { live: 'gemini v3', around: [CONTROL['gemini v3 acknowledgement'], IGNORED['gemini v3 bookTicker']] },
  'coinbase exchange': {
    live: 'coinbase exchange',
    around: [HISTORY['coinbase exchange'], CONTROL['coinbase exchange acknowledgement']],
  },
  'coinbase advanced': {
    live: 'coinbase advanced',
    around: [HISTORY['coinbase advanced'], IGNORED['coinbase advanced book'], CONTROL['coinbase advanced heartbeat']],
  },
  'kraken v1': { live: 'kraken v1', around: [CONTROL['kraken v1 status'], CONTROL['kraken v1 acknowledgement']] },
  'kraken v2': { live: 'kraken v2', around: [CONTROL['kraken v2 status'], HISTORY['kraken v2']] },
  bybit: { live: 'bybit', around: [CONTROL['bybit acknowledgement'], CONTROL['bybit pong, spot and linear']] },
  okx: { live: 'okx', around: [CONTROL['okx acknowledgement'], CONTROL['okx pong'], IGNORED['okx book']] },
  'okx trades-all': { live: 'okx trades-all' },
  bitstamp: { live: 'bitstamp', around: [CONTROL['bitstamp acknowledgement'], IGNORED['bitstamp order']] },
};

/** Trade number n of a feed; 4321 and 777 are the ids in the fixtures, of which the past has the former. */
const trade = (live: Names['live'], n: number) => LIVE[live].replace(/(?<=\D)(?:4321|777)(?=[\D])/, String(5000 + n));

function traffic({ live, around = [] }: Names): string[] {
  const [first = '', ...others] = around;
  const frames = Array.from({ length: TRADES }, (_, n) => [
    trade(live, n),
    others[n % Math.max(1, others.length)] ?? '',
  ]);
  return [first, ...frames.flat()].filter((frame) => frame !== '');
}

/** Takes what a server at this path plays: the half, and after a reconnect all. The engine knows the URL only. */
async function taken(t: Test, names: Names, path: string) {
  const frames = traffic(names);
  const half = Math.floor(frames.length / 2);
  const { url } = await scripted(t, (socket, n) => {
    for (const frame of n === 0 ? frames.slice(0, half) : frames) socket.send(frame);
    if (n === 0) socket.close(1001);
  });
  const pipeline = new Pipeline(configSchema.parse({}));
  const events = {
    frame: (from: Parameters<Pipeline['onFrame']>[0], bytes: Buffer) => pipeline.onFrame(from, bytes, 0),
    log: () => {},
    hopeless: () => {},
  };
  const feed = startSources([sourceOf(new URL(path, url).href)], sourcesRules(t), events);
  await until(() => pipeline.counters.received >= half + frames.length);
  await feed.stop();
  return pipeline;
}

for (const [name, names] of Object.entries(TRAFFIC)) {
  t.test(
    `${name} at any URL: its trades are the ticks, once each, over a reconnect that plays all again`,
    async (t) => {
      const unnumbered = name === 'kraken v1';
      for (const path of ['/', '/ws/btcusdt@trade', '/v1/marketdata/btcusd', '/?symbol=btcusd']) {
        const pipeline = await taken(t, names, path);
        const ticks = ticksOf(pipeline.takeRows().ticks, pipeline.markets);
        t.equal(pipeline.unaccounted(), 0);
        t.equal(pipeline.counters.malformed, 0, path);
        t.equal(new Set(ticks.map(({ symbol }) => symbol)).size, 1);
        if (path === '/?symbol=btcusd' && letters(ticks[0]?.wire ?? '') !== 'BTCUSDT')
          t.equal(ticks[0]?.symbol, 'BTCUSD', path);
        if (path.includes('btcusdt') && ticks[0]?.wire === 'BTCUSDT') t.equal(ticks[0].symbol, 'BTCUSD', path);
        if (unnumbered) continue;
        t.same(
          ticks.map(({ tradeId }) => Number(tradeId)),
          Array.from({ length: TRADES }, (_, n) => 5000 + n),
          path,
        );
      }
    },
  );

  t.test(`${name}: at sample_every N one trade frame in N, whatever comes in between`, async (t) => {
    for (const every of [5, 10, 20]) {
      const pipeline = new Pipeline(configSchema.parse({ engine: { sample_every: every } }));
      const from = { name: 'a', venue: 'test', symbol: '', wireSymbol: undefined };
      for (const frame of traffic(names)) pipeline.onFrame(from, Buffer.from(frame), 0);
      t.match(pipeline.counters, {
        kept: Math.floor(TRADES / every),
        sampled_out: TRADES - Math.floor(TRADES / every),
      });
      for (let n = 0; n < 7; n++) pipeline.onFrame(from, Buffer.from(trade(names.live, TRADES + n)), 0);
      t.equal(pipeline.counters.kept, Math.floor((TRADES + 7) / every));
    }
  });
}
