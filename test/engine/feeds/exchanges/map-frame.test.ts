import { displaySymbol, symbolOfUrl } from '@hybrid-soak/engine/core/symbol.ts';
import { mapBytes, mapFrame } from '@hybrid-soak/engine/feeds/exchanges/map-frame.ts';
import fc from 'fast-check';
import t from 'tap';
import { CONTROL, HISTORY, IGNORED, LIVE, MALFORMED, MS } from '../../../fixtures/frames.ts';

const map = (raw: string) => mapFrame(raw, 'BTCUSD');
const tradesIn = (raw: string) => {
  const mapped = map(raw);
  return mapped.is === 'trades' ? mapped.trades : [];
};

for (const [name, raw] of Object.entries(LIVE))
  t.test(`a live trade of ${name} is one tick, its time in milliseconds`, async (t) => {
    const mapped = map(raw);
    t.match(mapped, { is: 'trades', trades: [{ price: 84106.09, volume: 0.00007, ts: MS }] });
    t.match(tradesIn(raw)[0]?.symbol, /^(BTC|btc|XBT)[/-]?(USDT?|usd)$/);
    t.equal(tradesIn(raw).length, 1);
    const id = name === 'kraken v1' ? null : name === 'binance aggTrade' ? '777' : '4321';
    t.equal(tradesIn(raw)[0]?.tradeId, id);
  });

for (const [name, raw] of Object.entries(HISTORY))
  t.test(`what ${name} sends of the past is history with its ids`, async (t) => {
    const mapped = map(raw);
    t.equal(mapped.is, 'history');
    t.ok(mapped.is === 'history' && mapped.trades.some((trade) => trade.tradeId === '4321'));
  });

t.test('control, other streams and malformed frames are distinguished', async (t) => {
  for (const [name, raw] of Object.entries(CONTROL)) t.equal(map(raw).is, 'control', name);
  for (const [name, raw] of Object.entries(IGNORED)) t.equal(map(raw).is, 'ignored', name);
  for (const [name, raw] of Object.entries(MALFORMED)) t.equal(map(raw).is, 'malformed', name);
});

t.test('an ignored frame is counted by what it calls itself', async (t) => {
  t.same(map(IGNORED['binance kline']), { is: 'ignored', kind: 'kline' });
  t.same(map(IGNORED['a stranger']), { is: 'ignored', kind: 'greeting', stranger: true });
  t.match(map('{"type":{}}'), { is: 'ignored', kind: 'unknown' });
  t.match(map(`{"type":"${'x'.repeat(1000)}"}`), { is: 'ignored', kind: 'x'.repeat(64) });
});

t.test('ids and times beyond 2^53 keep every digit', async (t) => {
  for (const name of ['binance', 'gemini v1', 'gemini v2', 'coinbase exchange', 'kraken v2'] as const) {
    const raw = LIVE[name].replace('4321', '13834774380200032777');
    t.equal(tradesIn(raw)[0]?.tradeId, '13834774380200032777', name);
  }
  t.equal(tradesIn(LIVE['coinbase advanced'].replace('4321', '9007199254740993'))[0]?.tradeId, '9007199254740993');
  const late = LIVE['gemini v3'].replace(`${MS}117161`, `${MS}999999`);
  t.equal(tradesIn(late)[0]?.ts, MS, 'a time one nanosecond before the next millisecond is not rounded up');
});

t.test('Binance times in microseconds end as milliseconds', async (t) => {
  t.equal(tradesIn(LIVE['binance'].replaceAll(String(MS), `${MS}999`))[0]?.ts, MS);
});

t.test('numbers are read as strings, JSON numbers and exponents', async (t) => {
  for (const [text, value] of [
    ['4.9e-7', 4.9e-7],
    ['2.4E-7', 2.4e-7],
    ['1', 1],
  ] as const) {
    t.equal(tradesIn(LIVE['kraken v2'].replace('7e-5', text))[0]?.volume, value);
    t.equal(tradesIn(LIVE['kraken v2'].replace('7e-5', `"${text}"`))[0]?.volume, value);
    t.equal(tradesIn(LIVE['gemini v2'].replace('0.00007', text))[0]?.volume, value);
  }
});

t.test('ISO times have no fraction or up to nine digits, and a zone', async (t) => {
  const at = (time: string) => tradesIn(LIVE['coinbase exchange'].replace(/"time":"[^"]*"/, `"time":"${time}"`))[0]?.ts;
  t.equal(at('2025-07-03T02:07:18Z'), MS - 600);
  t.equal(at('2025-07-03T02:07:18.6Z'), MS);
  t.equal(at('2025-07-03T02:07:18.600999999Z'), MS);
  t.equal(at('2025-07-03T04:07:18.600+02:00'), MS);
  t.equal(at('2025-07-03T02:07:18.6000000000Z'), undefined);
  t.equal(at('2025-07-03T02:07:18'), undefined, 'a time without a zone is not an instant');
  t.equal(at('2025-13-03T02:07:18Z'), undefined);
});

t.test('several prints in one frame are several ticks, in the order of the exchange', async (t) => {
  const two = '["1","1","1534614057.321597","s","l",""],["2","1","1534614057.324998","b","l",""]';
  const kraken = tradesIn(`[0,[${two}],"trade","XBT/USD"]`);
  t.same(
    kraken.map(({ price, ts, tradeId }) => [price, ts, tradeId]),
    [
      [1, 1534614057321, null],
      [2, 1534614057324, null],
    ],
  );
  const newest = LIVE['coinbase advanced'].replace(/\[(\{"trade_id".*?\})\]/, (_all, trade: string) => {
    return `[${trade.replace('4321', '4322')},${trade}]`;
  });
  t.same(
    tradesIn(newest).map(({ tradeId }) => tradeId),
    ['4321', '4322'],
    'Coinbase Advanced writes the newest first',
  );
  const gemini = LIVE['gemini v1'].replace(
    '"events":[',
    '"events":[{"type":"trade","tid":1,"price":"1","amount":"1"},',
  );
  t.equal(tradesIn(gemini).length, 2);
});

t.test('one bad trade makes the frame malformed, whole', async (t) => {
  const bad = LIVE['gemini v1'].replace('"events":[', '"events":[{"type":"trade","tid":1,"price":"-1","amount":"1"},');
  t.same(map(bad), { is: 'malformed', reason: 'the price is not a positive decimal', sequence: 5 });
});

t.test('one frame of Coinbase Advanced with both a snapshot and an update is trades and a past', async (t) => {
  const event = (type: string, id: number) =>
    LIVE['coinbase advanced']
      .replace('"update"', `"${type}"`)
      .replace('4321', String(id))
      .match(/"events":\[(.*)\]\}$/)?.[1];
  const both = `{"channel":"market_trades","sequence_num":0,"events":[${event('snapshot', 1)},${event('update', 2)}]}`;
  t.match(map(both), { is: 'trades', trades: [{ tradeId: '2' }], past: [{ tradeId: '1' }] });
});

t.test('the frames of Gemini v1 are counted, heartbeats included', async (t) => {
  t.equal(map(LIVE['gemini v1']).sequence, 5);
  t.equal(map(CONTROL['gemini v1 heartbeat']).sequence, 6);
  t.equal(map(IGNORED['gemini v1 whole book']).sequence, 0);
});

t.test('nothing that a peer can send throws', async (t) => {
  for (const raw of ['', '[]', '[[[[]]]]', '{}', '[1,2,"trade",3]', '{"stream":"a","data":[]}', '{"events":[null]}'])
    t.not(map(raw).is, 'trades', raw);
  for (const proto of ['{"__proto__":{"e":"trade"}}', '{"__proto__":null,"e":"trade"}', '{"constructor":1}'])
    t.not(map(proto).is, 'trades', proto);
  t.doesNotThrow(() => map('['.repeat(500_000)));
  t.doesNotThrow(() => map(`${'['.repeat(20_000)}12345678901234567${']'.repeat(20_000)}`));
  const seeds = Object.values({ ...LIVE, ...HISTORY, ...CONTROL, ...IGNORED });
  const mutated = fc
    .tuple(fc.constantFrom(...seeds), fc.nat(), fc.nat({ max: 20 }), fc.oneof(fc.json(), fc.string(), fc.constant('')))
    .map(([seed, at, length, text]) => {
      const from = at % seed.length;
      return seed.slice(0, from) + text + seed.slice(from + length);
    });
  fc.assert(
    fc.property(fc.oneof(mutated, fc.json(), fc.string({ unit: 'binary' })), (raw) => {
      const mapped = map(raw);
      if (mapped.is !== 'trades') return;
      for (const { price, volume, ts } of mapped.trades)
        if (!(price > 0 && volume > 0 && Number.isFinite(price) && Number.isFinite(volume) && Number.isSafeInteger(ts)))
          throw new Error(JSON.stringify(mapped));
    }),
    { numRuns: 20_000 },
  );
});

t.test('the configured symbol is shown for the one market that the source means', async (t) => {
  const shown = (wire: string, named: string | undefined, url = '') => displaySymbol(wire, 'BTCUSD', named, url);
  for (const wire of ['BTCUSD', 'btcusd', 'BTC-USD', 'BTC/USD', 'XBT/USD'])
    t.equal(shown(wire, undefined), 'BTCUSD', wire);
  t.equal(shown('ETH/USD', undefined), 'ETH/USD', 'another market keeps its name');
  t.equal(shown('BTCUSDT', undefined), 'BTCUSDT', 'and so does another quote currency');
  t.equal(shown('BTCUSDT', undefined, 'BTCUSDT'), 'BTCUSD', 'unless the URL asks for it');
  t.equal(shown('BTCUSDT', 'BTC-USD'), 'BTCUSDT', 'a source that names its symbol means that one');
  t.equal(shown('BTC-USDT', 'BTC-USDT'), 'BTCUSD');
});

t.test('the market of frames that name none is the one in their URL, wherever it stands there', async (t) => {
  for (const [path, symbol] of [
    ['/v1/marketdata/BTCUSD?heartbeat=true&trades=true', 'BTCUSD'],
    ['/v1/marketdata/btcgusdperp/', 'BTCGUSDPERP'],
    ['/btcusd', 'BTCUSD'],
    ['/feeds/btc-usd/', 'BTC-USD'],
    ['/?symbol=ethusd', 'ETHUSD'],
    ['/ws/btcusdt@trade', 'BTCUSDT'],
    ['/stream?streams=btcusdt@trade', 'BTCUSDT'],
    ['/stream?streams=btcusdt@trade/ethusdt@trade', ''],
    ['/v1/multimarketdata?symbols=BTCUSD,ETHUSD', ''],
    ['', ''],
    ['/', ''],
    ['/ws', ''],
    ['/v2', ''],
    ['/gemini', ''],
    ['/usd', ''],
  ] as const)
    t.equal(symbolOfUrl(`ws://127.0.0.1:9001${path}`), symbol, path);
});

t.test('Gemini v1 with several markets on one connection: each event names its own', async (t) => {
  const named = (symbol: string) =>
    LIVE['gemini v1'].replace('"type":"trade",', `"type":"trade","symbol":"${symbol}",`);
  t.equal(tradesIn(named('ETHUSD'))[0]?.symbol, 'ETHUSD');
  t.match(mapBytes(Buffer.from(named('ETHUSD')), 'BTCUSD', {}), { is: 'trades', trades: [{ symbol: 'ETHUSD' }] });
});
