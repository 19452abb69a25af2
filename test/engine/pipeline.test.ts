import { configSchema } from '@hybrid-soak/contract/config.ts';
import type { FrameOrigin } from '@hybrid-soak/engine/core/frame-origin.ts';
import { Pipeline } from '@hybrid-soak/engine/pipeline.ts';
import fc from 'fast-check';
import t from 'tap';
import { CONTROL, HISTORY, IGNORED, LIVE, MALFORMED, MS } from '../fixtures/frames.ts';
import { ticksOf } from './ticks.ts';

const connection = (name = 'a', extra: Partial<FrameOrigin> = {}): FrameOrigin => ({
  name,
  venue: 'test',
  symbol: 'BTCUSDT',
  wireSymbol: undefined,
  ...extra,
});

function pipelineOf(engine: Record<string, unknown> = {}, channels: Record<string, number> = {}) {
  const pipeline = new Pipeline(configSchema.parse({ engine, channels }));
  const feed = (source: FrameOrigin, ...frames: string[]) =>
    frames.map((raw) => pipeline.onFrame(source, Buffer.from(raw), 0));
  return { pipeline, feed };
}

const binance = (id: number) => LIVE['binance'].replace('4321', String(id));
const gemini = (sequence: number) =>
  LIVE['gemini v1'].replace('"socket_sequence":5', `"socket_sequence":${sequence}`).replace('4321', String(sequence));

t.test(
  'every frame is one of kept, sampled out, duplicate, history, control, ignored, malformed and dropped',
  async (t) => {
    const all = [LIVE, HISTORY, CONTROL, IGNORED, MALFORMED].flatMap((frames) => Object.values(frames));
    const runs = fc.array(fc.oneof(fc.constantFrom(...all), fc.string()), { maxLength: 200 });
    fc.assert(
      fc.property(runs, fc.integer({ min: 1, max: 5 }), fc.constantFrom(3, 1000), (frames, every, room) => {
        const { pipeline, feed } = pipelineOf({ sample_every: every }, { ticks: room });
        feed(connection(), ...frames);
        if (pipeline.unaccounted() !== 0 || pipeline.counters.received !== frames.length)
          throw new Error(JSON.stringify(pipeline.counters));
        if (pipeline.takeRows().ticks.rows !== pipeline.counters.ticks) throw new Error('ticks');
      }),
      { numRuns: 500 },
    );
    t.pass();
  },
);

t.test(
  'a frame all of whose trades were seen is a duplicate; one with a new trade is kept, with that trade',
  async (t) => {
    const { pipeline, feed } = pipelineOf();
    const both = LIVE['gemini v1'].replace(
      '"events":[',
      '"events":[{"type":"trade","tid":4322,"price":"2","amount":"1"},',
    );
    feed(connection(), LIVE['gemini v1'], LIVE['gemini v1'], both);
    t.match(pipeline.counters, { received: 3, kept: 2, duplicates: 1, ticks: 2 });
    t.same(
      ticksOf(pipeline.takeRows().ticks, pipeline.markets).map(({ tradeId }) => tradeId),
      ['4321', '4322'],
    );
  },
);

t.test('several fills under one event of Gemini v2 are several ticks, even if frames have no other id', async (t) => {
  const { pipeline, feed } = pipelineOf();
  const fill = (price: string) => LIVE['gemini v2 of 2021'].replace('84106.09', price);
  feed(connection(), fill('1'), fill('2'), fill('1'));
  t.match(pipeline.counters, { kept: 2, duplicates: 1 });
  const ids = [7, 8].map((tid) => LIVE['gemini v2'].replace('"tid":4321', `"tid":${tid}`));
  feed(connection(), ...ids);
  t.match(pipeline.counters, { kept: 4, duplicates: 1 });
});

t.test('equal time, price and quantity under other ids are other trades', async (t) => {
  const { pipeline, feed } = pipelineOf();
  feed(connection(), binance(1), binance(2), binance(3));
  t.match(pipeline.counters, { kept: 3, duplicates: 0 });
});

t.test('a failover between two sources of one venue doubles nothing; another venue has ids of its own', async (t) => {
  const { pipeline, feed } = pipelineOf();
  feed(connection('a'), binance(1), binance(2));
  feed(connection('b'), binance(2), binance(3));
  feed(connection('c', { venue: 'another' }), binance(3));
  t.same(
    ticksOf(pipeline.takeRows().ticks, pipeline.markets).map(({ source, tradeId }) => source + tradeId),
    ['a1', 'a2', 'b3', 'c3'],
  );
});

t.test('history makes no tick, and neither do its trades when they come again', async (t) => {
  for (const name of ['gemini v2', 'coinbase exchange', 'coinbase advanced', 'kraken v2'] as const) {
    const { pipeline, feed } = pipelineOf();
    t.same(feed(connection(), HISTORY[name], LIVE[name]), ['other', 'trade'], name);
    t.match(pipeline.counters, { history: 1, duplicates: 1, ticks: 0 }, name);
  }
});

t.test('a hole of dense ids is a gap row under the config’s symbol; while sampled none is looked for', async (t) => {
  const { pipeline, feed } = pipelineOf();
  feed(connection(), binance(1), binance(4));
  t.match(pipeline.takeRows().gaps, [
    { is: 'opened', source: 'a', market: { wire: 'BTCUSDT', symbol: 'BTCUSD' }, from: '2', to: '3' },
  ]);
  feed(connection(), binance(2), binance(3));
  t.match(pipeline.takeRows().gaps, [{ is: 'closed', from: '2', to: '3' }]);
  pipeline.sampler.every = 2;
  feed(connection(), ...[5, 6, 7, 8].map(binance));
  t.match(pipeline.counters, { sampled_out: 2 });
  t.same(pipeline.takeRows().gaps, []);
});

t.test('a dropped trade leaves a gap behind', async (t) => {
  const { pipeline, feed } = pipelineOf({}, { ticks: 1 });
  feed(connection(), binance(1), binance(2));
  t.match(pipeline.counters, { kept: 1, dropped: 1 });
  pipeline.takeRows();
  feed(connection(), binance(3));
  t.match(pipeline.takeRows().gaps, [{ from: '2', to: '2' }]);
});

t.test('two markets of one connection that are one symbol of the config have a strategy each', async (t) => {
  const { pipeline, feed } = pipelineOf({ signal_every_n_ticks: 3 });
  const usd = (id: number) => binance(id).replace('BTCUSDT', 'BTCUSD');
  feed(connection(), binance(1), binance(2), usd(1), usd(2));
  t.equal(pipeline.takeRows().signals.length, 0);
  feed(connection(), usd(3));
  t.ok(pipeline.takeRows().signals.length > 0);
});

t.test('the ledger says from when to when a source was sampled', async (t) => {
  const { pipeline, feed } = pipelineOf({ sample_every: 5 });
  const source = connection();
  feed(source, binance(1), CONTROL['kraken v2 heartbeat'], binance(2));
  t.match(pipeline.takeRows().coverage, [{ is: 'begun', source: 'a', kind: 'sampled', detail: '1 in 5' }]);
  pipeline.sampler.every = 1;
  feed(source, binance(3));
  t.match(pipeline.takeRows().coverage, [{ is: 'ended', source: 'a', kind: 'sampled' }]);
});

t.test('frames that Gemini v1 counted and never sent are a gap in the ledger', async (t) => {
  const { pipeline, feed } = pipelineOf();
  const source = connection();
  feed(source, gemini(0), CONTROL['gemini v1 heartbeat'].replace(':6}', ':1}'), gemini(4));
  t.match(pipeline.takeRows().coverage, [
    { is: 'begun', source: 'a', kind: 'gap', detail: 'frames 2 to 3 never came' },
    { is: 'ended', kind: 'gap' },
  ]);
  feed(connection(), gemini(90));
  t.same(pipeline.takeRows().coverage, [], 'another connection counts from its own beginning');
});

t.test('a signal on a tick that was received too long ago is a row, and its order a veto', async (t) => {
  const { pipeline, feed } = pipelineOf({ signal_every_n_ticks: 1, stale_after_ms: 5000 });
  pipeline.ageMs = () => 5001;
  feed(connection(), binance(1));
  const { signals, orders, fills } = pipeline.takeRows();
  t.match(
    [orders.at(-2), orders.at(-1), signals.length > 0, fills.length],
    ['VETOED', 'STALE_DATA: tick received 5001 ms ago', true, 0],
  );
});

t.test('a frame that names no market, from a URL that names none, is the config’s market', async (t) => {
  const { pipeline, feed } = pipelineOf();
  feed(connection('a', { symbol: '' }), LIVE['gemini v1']);
  t.match(ticksOf(pipeline.takeRows().ticks, pipeline.markets), [{ symbol: 'BTCUSD', price: 84106.09 }]);
});

t.test('times are the exchange’s and symbols the config’s', async (t) => {
  const { pipeline, feed } = pipelineOf();
  feed(connection('a', { symbol: '' }), LIVE['kraken v1']);
  t.same(ticksOf(pipeline.takeRows().ticks, pipeline.markets), [
    {
      symbol: 'BTCUSD',
      venue: 'test',
      wire: 'BTC/USD',
      source: 'a',
      price: 84106.09,
      volume: 0.00007,
      ts: MS,
      tradeId: null,
    },
  ]);
});
