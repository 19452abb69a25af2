import { configSchema } from '@hybrid-soak/contract/config.ts';
import type { FrameOrigin } from '@hybrid-soak/engine/core/frame-origin.ts';
import { mapFrame } from '@hybrid-soak/engine/feeds/exchanges/map-frame.ts';
import { Pipeline } from '@hybrid-soak/engine/pipeline.ts';
import t from 'tap';
import { BITFINEX, CONTROL, IGNORED, LIVE, MS } from '../../../fixtures/frames.ts';
import { ticksOf } from '../../ticks.ts';

/** One connection, as frames come in over it. */
function connected(sampleEvery = 1) {
  const pipeline = new Pipeline(configSchema.parse({ engine: { sample_every: sampleEvery } }));
  const warnings: string[] = [];
  pipeline.onWarning = (message) => warnings.push(message);
  const origin: FrameOrigin = { name: 'a', venue: 'test', symbol: '', wireSymbol: undefined };
  const feed = (...frames: string[]) => frames.map((raw) => pipeline.onFrame(origin, Buffer.from(raw), 0));
  const ticks = () =>
    ticksOf(pipeline.takeRows().ticks, pipeline.markets).map(({ wire, price, tradeId }) => [wire, price, tradeId]);
  return { pipeline, feed, ticks, warnings };
}

const print = (id: number, X: string, more: object = {}) =>
  JSON.stringify({ e: 'trade', E: MS, T: MS, s: 'BTCUSDT', t: id, p: '35', q: '1', X, m: true, ...more });

t.test('Binance futures: prints of no market are not ticks, and their ids leave no hole', async (t) => {
  const { pipeline, feed, ticks } = connected();
  const other = { p: '852', q: '0' };
  feed(
    print(1, 'MARKET'),
    print(2, 'INSURANCE_FUND', other),
    print(3, 'NA', { p: '0' }),
    print(4, 'ADL'),
    print(5, 'MARKET'),
  );
  t.match(pipeline.counters, { kept: 2, ignored: 3, ticks: 2, trades: 5, prints_ignored: 3 });
  t.same(pipeline.totals().ignored_kinds, { 'prints other than market trades': 3 });
  t.equal(pipeline.unaccounted(), 0);
  const { gaps } = pipeline.takeRows();
  t.same(gaps, []);
  feed(print(3, 'MARKET'), print(6, 'MARKET'));
  t.same(ticks(), [['BTCUSDT', 35, '6']], 'the id was seen');
});

t.test("Kraken's announced maintenance is a warning for the log, in both versions of its API", async (t) => {
  const { feed, warnings } = connected();
  const v1 = CONTROL['kraken v1 status'];
  t.same(feed(v1, v1.replace('"online"', '"maintenance"'), CONTROL['kraken v2 status']), ['other', 'other', 'other']);
  t.same(warnings, ['the exchange announces: maintenance', 'the exchange announces: maintenance']);
});

t.test("Gemini v3's symbols are spelt like the other versions'", async (t) => {
  const { feed, ticks } = connected();
  feed(LIVE['gemini v3'], LIVE['gemini v2'].replace('"tid":4321', '"tid":4322'));
  t.same(ticks(), [
    ['BTCUSD', 84106.09, '4321'],
    ['BTCUSD', 84106.09, '4322'],
  ]);
});

t.test('a frame of Bybit has many trades, numbers beyond 2^53 or UUIDs, each once', async (t) => {
  const { pipeline, feed, ticks } = connected();
  const trade = (i: string) => ({ i, T: MS, p: '1', v: '2', S: 'Buy', s: 'BTCUSDT', BT: false });
  const frame = (...ids: string[]) =>
    JSON.stringify({ topic: 'publicTrade.BTCUSDT', type: 'snapshot', ts: MS, data: ids.map(trade) });
  const uuid = 'a2ab5bd5-3f8c-5c5d-8b39-9c0d3c3b2a11';
  feed(frame('2290000000050703789', uuid), frame(uuid, '2290000000050703788'));
  t.same(
    ticks().map(([, , id]) => id),
    ['2290000000050703789', uuid, '2290000000050703788'],
  );
  t.match(pipeline.counters, { trades: 4, ticks: 3, trade_duplicates: 1, kept: 2 });
  const option = frame('1')
    .replace('"s":"BTCUSDT"', '"s":"BTC-26DEC25-90000-C"')
    .replace('publicTrade.BTCUSDT', 'publicTrade.BTC');
  feed(option);
  t.match(ticks(), [['BTC-26DEC25-90000-C', 1, '1']]);
});

t.test('Bitfinex: the answer names the pair, te and tu are one trade, a snapshot is the past', async (t) => {
  const { pipeline, feed, ticks } = connected();
  const { info, acknowledgement, snapshot, trade, heartbeat, book } = BITFINEX;
  feed(trade, info, acknowledgement, snapshot, trade, BITFINEX['trade again'], heartbeat);
  feed(BITFINEX['trade with a sequence number'], BITFINEX['heartbeat with a sequence number'], book);
  t.same(ticks(), [
    ['tBTCUSD', 84106.09, '4322'],
    ['tBTCUSD', 84106.09, '4323'],
  ]);
  t.match(pipeline.counters, { history: 1, trades_past: 2, ticks: 2, malformed: 0, control: 4 });
  t.match(pipeline.totals().ignored_kinds, { 'te of a channel whose subscription was not seen': 1, tu: 1 });
  t.equal(pipeline.unaccounted(), 0);
});

t.test('Bitfinex: a channel number that is given to another channel is the new one', async (t) => {
  const { pipeline, feed, ticks } = connected();
  const { acknowledgement, trade } = BITFINEX;
  const book = '{"event":"subscribed","channel":"book","chanId":17470,"symbol":"tBTCUSD","prec":"R0"}';
  feed(acknowledgement, trade.replace(']]', '],12,1700000000000]'), book, '[17470,[[1,84106,0.5],[2,84105,-1]]]');
  t.same(ticks(), [['tBTCUSD', 84106.09, '4322']], 'a sequence number and a time may follow');
  t.match(pipeline.counters, { malformed: 0, history: 0, ignored: 1 });
});

t.test('Kraken v1 and v2 spell a market alike, on both sides of its name', async (t) => {
  const { feed, ticks } = connected();
  const of = (v1: string) => feed(LIVE['kraken v1'].replace('XBT/USD', v1));
  for (const v1 of ['XBT/USD', 'ETH/XBT', 'XDG/EUR', 'XBTX/USD']) of(v1);
  t.same(
    ticks().map(([wire]) => wire),
    ['BTC/USD', 'ETH/BTC', 'DOGE/EUR', 'XBTX/USD'],
  );
});

t.test('an id with leading zeros is the same id, however long', async (t) => {
  const { pipeline, feed, ticks } = connected();
  const frame = (id: string) => LIVE['okx trades-all'].replace('"4321"', `"${id}"`);
  feed(...['000000000000000000', '1', '00000000000000000002', '002', '3'].map(frame));
  t.same(
    ticks().map(([, , id]) => id),
    ['0', '1', '2', '3'],
  );
  t.match(pipeline.counters, { trade_duplicates: 1 });
  t.same(pipeline.takeRows().gaps, []);
});

t.test('Bitfinex at one in five: one te in five, whatever comes in between', async (t) => {
  const { pipeline, feed } = connected(5);
  feed(BITFINEX.acknowledgement, BITFINEX.snapshot);
  for (let id = 5000; id < 5020; id++)
    feed(
      BITFINEX.trade.replace('4322', String(id)),
      BITFINEX['trade again'].replace('4322', String(id)),
      BITFINEX.heartbeat,
    );
  t.match(pipeline.counters, { kept: 4, sampled_out: 16, ignored: 20, trade_frames_kept: 4 });
});

t.test('an exchange that asks for a new connection says so, each in its own way', async (t) => {
  for (const raw of [
    '{"event":"bts:request_reconnect","channel":"","data":""}',
    '{"event":"info","code":20051,"msg":"Stopping. Please try to reconnect"}',
    '{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade.","connId":"a"}',
    `{"e":"serverShutdown","E":${MS}}`,
  ])
    t.same(connected().feed(raw), ['leaving'], raw);
  t.match(mapFrame('{"event":"info","code":20060,"msg":"x"}', ''), { is: 'control', notice: /maintenance/ });
});

t.test('frames of no known exchange are counted by kind', async (t) => {
  const { pipeline, feed } = connected();
  feed('[1,2]', '[3]', '{"type":"greeting"}', LIVE['binance'].replace('"trade"', '"kline"'));
  t.same(pipeline.totals().ignored_kinds, {
    'no frame of a known exchange: array': 2,
    'no frame of a known exchange: greeting': 1,
    kline: 1,
  });
});

t.test('frames of known exchanges other than trades are counted by their own kind', async (t) => {
  for (const [name, raw] of Object.entries(IGNORED).filter(([name]) => !/stranger|tickers|bitfinex book/.test(name)))
    t.notOk('stranger' in mapFrame(raw, 'BTCUSD'), name);
});
