import { configSchema } from '@hybrid-soak/contract/config.ts';
import type { FrameOrigin } from '@hybrid-soak/engine/core/frame-origin.ts';
import { Pipeline } from '@hybrid-soak/engine/pipeline.ts';
import { FILL, ORDER } from '@hybrid-soak/engine/store/rows/flat-rows.ts';
import fc from 'fast-check';
import t from 'tap';
import { CONTROL, HISTORY, IGNORED, LIVE, MALFORMED, MS } from '../fixtures/frames.ts';
import { seenRows, ticksOf } from './ticks.ts';

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
  t.equal(pipeline.hasDropped, true);
  pipeline.takeRows();
  t.equal(pipeline.hasDropped, false);
  feed(connection(), binance(3));
  t.match(pipeline.takeRows().gaps, [{ from: '2', to: '2' }]);
});

t.test('two markets of one connection that are one symbol of the config have a strategy each', async (t) => {
  const { pipeline, feed } = pipelineOf({ signal_every_n_ticks: 3 });
  const usd = (id: number) => binance(id).replace('BTCUSDT', 'BTCUSD');
  feed(connection(), binance(1), binance(2), usd(1), usd(2));
  t.equal(pipeline.takeRows().signals.cells.length, 0);
  feed(connection(), usd(3));
  t.ok(pipeline.takeRows().signals.cells.length > 0);
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
  t.match(seenRows(orders, ORDER, pipeline.markets), [
    { state: 'VETOED', reason: 'STALE_DATA: tick received 5001 ms ago' },
  ]);
  t.same([signals.cells.length > 0, fills.cells.length], [true, 0]);
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

t.test('two markets of one source: a position, a strategy and gaps each', async (t) => {
  const { pipeline, feed } = pipelineOf({ signal_every_n_ticks: 2 });
  const match = (product: string, id: number) =>
    LIVE['coinbase exchange'].replace('BTC-USD', product).replace('4321', String(id));
  const source = connection('a', { symbol: '' });
  feed(source, match('BTC-USD', 1), match('BTC-USDT', 900), match('BTC-USD', 2), match('BTC-USDT', 903));
  const { fills, gaps, positions } = pipeline.takeRows();
  t.same(
    pipeline.markets.map(({ wire, symbol }) => [wire, symbol]),
    [
      ['BTC-USD', 'BTCUSD'],
      ['BTC-USDT', 'BTC-USDT'],
    ],
  );
  t.match(gaps, [{ market: { wire: 'BTC-USDT' }, from: '901', to: '902' }]);
  t.match(seenRows(fills, FILL, pipeline.markets), [
    { symbol: 'BTCUSD', prefix: 'test:BTC-USD:periodic:', numbers: [2], side: 'BUY' },
    { symbol: 'BTC-USDT', prefix: 'test:BTC-USDT:periodic:', numbers: [903], side: 'BUY' },
  ]);
  t.match(positions, [
    { market: 0, position: { lastId: '2' } },
    { market: 1, position: { lastId: '903', holes: [{ from: '901', to: '902' }] } },
  ]);
});

t.test('what a run leaves is resumed by the next: no duplicate, and the gap that is filled is closed', async (t) => {
  const first = pipelineOf();
  first.feed(connection(), binance(1), binance(4));
  const positions = first.pipeline.takeRows().positions.map(({ position }) => ({
    venue: 'test',
    wire: 'BTCUSDT',
    ...position,
  }));
  const next = new Pipeline(configSchema.parse({}), { positions, holdings: [] });
  for (const id of [4, 2, 3, 6]) next.onFrame(connection(), Buffer.from(binance(id)), 0);
  t.match(next.counters, { ticks: 3, trade_duplicates: 1, duplicates: 1 });
  t.match(next.takeRows().gaps, [
    { is: 'closed', from: '2', to: '3' },
    { is: 'opened', from: '5', to: '5' },
  ]);
});

t.test('a batch of trades with one standing id: all are kept, one warning, the identity closes', async (t) => {
  const { pipeline, feed } = pipelineOf();
  const warnings: unknown[] = [];
  pipeline.onWarning = (message, detail) => warnings.push([message, detail]);
  const trade = (n: number) => ({ i: '7', T: MS + n, p: String(100 + n), v: '1', S: 'Buy', s: 'BTCUSDT', BT: false });
  const frame = (from: number) =>
    JSON.stringify({
      topic: 'publicTrade.BTCUSDT',
      type: 'snapshot',
      ts: MS,
      data: Array.from({ length: 124 }, (_, n) => trade(from + n)),
    });
  feed(connection(), frame(0), frame(124), frame(248));
  t.match(pipeline.counters, { kept: 3, trades: 372, ticks: 372, trade_duplicates: 0 });
  t.match(warnings, [[/stands still/, { symbol: 'BTCUSDT', id: '7' }]]);
  t.equal(warnings.length, 1);
  t.equal(pipeline.unaccounted(), 0);
});

t.test('a trade of 2099 is kept aside, is neither a tick nor a duplicate, and leaves a gap', async (t) => {
  const { pipeline, feed } = pipelineOf();
  const late = binance(2).replaceAll(String(MS), String(Date.UTC(2099, 0, 1)));
  t.same(feed(connection(), late.replace(':2,', ':1,'), binance(1), late, binance(3)), [
    'malformed',
    'trade',
    'malformed',
    'trade',
  ]);
  const { gaps, quarantine } = pipeline.takeRows();
  t.match(pipeline.counters, { kept: 2, malformed: 2, trades: 4, ticks: 2, trades_quarantined: 2 });
  t.match(gaps, [{ from: '2', to: '2' }]);
  t.match(quarantine, [{ reason: 'a trade is too far ahead in time, or of one market too many' }, {}]);
  t.equal(pipeline.unaccounted(), 0);
});

t.test(
  'while sampling, a frame that was skipped is neither good nor bad, and one that was read is what it is',
  async (t) => {
    const { pipeline, feed } = pipelineOf({ sample_every: 5 });
    const garbage = (id: number) => binance(id).replace('"84106.09000000"', '{"raw":1}');
    const fates = feed(connection(), ...Array.from({ length: 10 }, (_, n) => (n < 5 ? garbage(n) : binance(n))));
    t.same(fates, [...Array(4).fill('unparsed'), 'malformed', ...Array(4).fill('unparsed'), 'trade']);
    t.match(pipeline.counters, { sampled_out: 8, malformed: 1, kept: 1, trade_frames_kept: 2 });
  },
);
