import assert from 'node:assert/strict';
import { beginsAsTrade } from '@hybrid-soak/engine/core/sampling.ts';
import type { Mapped } from '@hybrid-soak/engine/core/tick.ts';
import { mapBinanceBytes } from '@hybrid-soak/engine/feeds/exchanges/binance-bytes.ts';
import { mapCoinbaseBytes } from '@hybrid-soak/engine/feeds/exchanges/coinbase-bytes.ts';
import { mapGeminiBytes } from '@hybrid-soak/engine/feeds/exchanges/gemini-bytes.ts';
import { mapKrakenBytes } from '@hybrid-soak/engine/feeds/exchanges/kraken-bytes.ts';
import { mapBytes, mapFrame } from '@hybrid-soak/engine/feeds/exchanges/map-frame.ts';
import { frames } from '@hybrid-soak/feed/frames.ts';
import fc from 'fast-check';
import t from 'tap';
import { LIVE, MS } from '../../fixtures/frames.ts';

/** The fast path hands an id over as a number, which the database writes as the same text. */
function textual(mapped: Mapped): Mapped {
  if (mapped.is !== 'trades') return mapped;
  return { ...mapped, trades: mapped.trades.map((trade) => ({ ...trade, tradeId: String(trade.tradeId) })) };
}

const digits = (max: number) => fc.stringMatching(new RegExp(`^[0-9]{1,${max}}$`));
const decimal = fc.oneof(
  fc.tuple(digits(10), digits(9)).map(([whole, part]) => `${whole}.${part}`),
  digits(18),
  fc.constantFrom(
    '',
    '.',
    '1.',
    '.5',
    '-1',
    '+1',
    '1e5',
    '4.9e-7',
    '0',
    '0.0',
    '00.1',
    '1.2.3',
    ' 1',
    'NaN',
    '0.-10000',
  ),
);
const integer = fc.oneof(
  fc.integer({ min: 0, max: 9_000_000_000_000 }).map(String),
  fc.constantFrom('0', '007', '1700000000000', '9007199254740993', '-1', '1.5', '1e3', '""', ''),
);
const millis = fc.oneof(fc.integer({ min: 1_700_000_000_000, max: 1_800_000_000_000 }).map(String), integer);
const word = fc.oneof(fc.constantFrom('BTCUSDT', 'ETHUSDT', 'bid', 'auction'), fc.string({ maxLength: 8 }));

const binance = fc
  .tuple(
    millis,
    word,
    integer,
    decimal,
    decimal,
    millis,
    fc.constantFrom('true', 'false', 'null', '1'),
    fc.constantFrom(',"M":true', '', ',"M":false'),
  )
  .map(
    ([E, s, id, p, q, T, m, M]) =>
      `{"e":"trade","E":${E},"s":"${s}","t":${id},"p":"${p}","q":"${q}","T":${T},"m":${m}${M}}`,
  );
const change = fc
  .tuple(decimal, decimal, decimal, word)
  .map(
    ([p, d, r, s]) =>
      `,{"type":"change","reason":"trade","price":"${p}","delta":"-${d}","remaining":"${r}","side":"${s}"}`,
  );
const gemini = fc
  .tuple(
    integer,
    millis,
    millis,
    integer,
    integer,
    decimal,
    decimal,
    word,
    fc.oneof(change, fc.constantFrom('', ',{}', ',')),
  )
  .map(
    ([id, s, ms, n, tid, p, a, side, more]) =>
      `{"type":"update","eventId":${id},"timestamp":${s},"timestampms":${ms},"socket_sequence":${n},"events":[{"type":"trade","tid":${tid},"price":"${p}","amount":"${a}","makerSide":"${side}"}${more}]}`,
  );
const iso = fc.oneof(
  fc
    .tuple(
      fc.date({ min: new Date('2008-12-01T00:00:00Z'), max: new Date('2100-02-01T00:00:00Z'), noInvalidDate: true }),
      fc.stringMatching(/^[0-9]{0,10}$/),
    )
    .map(([date, more]) => `${date.toISOString().slice(0, 19)}${more === '' ? '' : `.${more}`}Z`),
  fc.constantFrom(
    '2024-02-30T01:02:03Z',
    '2024-02-29T23:59:59.999999999Z',
    '2024-01-01T24:00:00Z',
    '2024-01-01T10:60:00Z',
    '2024-12-31T23:59:60Z',
    '2024-13-01T00:00:00Z',
    '2024-01-01T00:00:00.Z',
    '2024-01-01T00:00:00+00:00',
    '2024-01-01 00:00:00Z',
    '',
  ),
);
const coinbase = fc
  .tuple(integer, word, word, word, decimal, decimal, word, integer, iso)
  .map(
    ([id, maker, taker, side, size, price, product, n, time]) =>
      `{"type":"match","trade_id":${id},"maker_order_id":"${maker}","taker_order_id":"${taker}","side":"${side}","size":"${size}","price":"${price}","product_id":"${product}","sequence":${n},"time":"${time}"}`,
  );
const kraken = fc
  .tuple(fc.oneof(word, fc.constant('BTC/USD')), word, decimal, decimal, word, integer, iso)
  .map(
    ([symbol, side, price, qty, kind, id, time]) =>
      `{"channel":"trade","type":"update","data":[{"symbol":"${symbol}","side":"${side}","price":${price},"qty":${qty},"ord_type":"${kind}","trade_id":${id},"timestamp":"${time}"}]}`,
  );
/** A frame as it is, cut short, with a byte changed, or with something behind it. */
const damaged = (frame: fc.Arbitrary<string>) =>
  fc
    .tuple(
      frame,
      fc.nat({ max: 400 }),
      fc.constantFrom('keep', 'cut', 'change', 'append'),
      fc.constantFrom('"', '}', ' ', '0', 'é'),
    )
    .map(([text, at, how, letter]) =>
      how === 'cut'
        ? text.slice(0, at)
        : how === 'change'
          ? text.slice(0, at) + letter + text.slice(at + 1)
          : how === 'append'
            ? text + letter
            : text,
    );

t.test('The pass over the bytes means what the full parser means, for whatever frame', async (t) => {
  const same = (text: string) => {
    assert.deepEqual(textual(mapBytes(Buffer.from(text), 'BTCUSD', {})), mapFrame(text, 'BTCUSD'));
  };
  t.doesNotThrow(() => fc.assert(fc.property(damaged(binance), same), { numRuns: 3000 }));
  t.doesNotThrow(() => fc.assert(fc.property(damaged(gemini), same), { numRuns: 3000 }));
  t.doesNotThrow(() => fc.assert(fc.property(damaged(coinbase), same), { numRuns: 3000 }));
  t.doesNotThrow(() => fc.assert(fc.property(damaged(kraken), same), { numRuns: 3000 }));
});

t.test('Every time that the pass over the bytes reads is the very time that the full parser reads', async (t) => {
  let passed = 0;
  const same = (time: string) => {
    const text = LIVE['coinbase exchange'].replace(/"time":"[^"]*"/, `"time":"${time}"`);
    const mapped = mapCoinbaseBytes(Buffer.from(text));
    if (mapped === undefined) return;
    passed++;
    assert.deepEqual(textual(mapped), mapFrame(text, ''));
  };
  t.doesNotThrow(() => fc.assert(fc.property(iso, same), { numRuns: 3000 }));
  t.ok(passed > 1000, `${passed} of 3000`);
});

t.test('Every decimal that the pass over the bytes reads is the very number that the full parser reads', async (t) => {
  const frame = (p: string) =>
    `{"e":"trade","E":1700000000000,"s":"X","t":1,"p":"${p}","q":"1","T":1700000000000,"m":true,"M":true}`;
  const same = ([all, at]: [string, number]) => {
    const text = at === 0 || at >= all.length ? all : `${all.slice(0, at)}.${all.slice(at)}`;
    const mapped = mapBinanceBytes(Buffer.from(frame(text)));
    const read = mapped?.is === 'trades' ? mapped.trades[0]?.price : 0;
    assert.equal(read, Number(text));
  };
  t.doesNotThrow(() => fc.assert(fc.property(fc.tuple(digits(15), fc.nat(15)), same), { numRuns: 3000 }));
});

t.test('The frames that come by the thousand take the pass over the bytes', async (t) => {
  const trade =
    '{"e":"trade","E":1672515782136,"s":"BTCUSDT","t":12345,"p":"84106.09000000","q":"0.00007000","T":1672515782136,"m":true,"M":true}';
  t.match(mapBinanceBytes(Buffer.from(trade)), {
    is: 'trades',
    trades: [{ symbol: 'BTCUSDT', price: 84106.09, volume: 0.00007, ts: 1672515782136, tradeId: 12345 }],
  });
  const update =
    '{"type":"update","eventId":7,"timestamp":1547759964,"timestampms":1547759964051,"socket_sequence":20,"events":[{"type":"trade","tid":7,"price":"3632.54","amount":"0.1362819142","makerSide":"ask"},{"type":"change","reason":"trade","price":"3632.54","delta":"-0.1362819142","remaining":"0","side":"ask"}]}';
  t.match(mapGeminiBytes(Buffer.from(update), 'BTCUSD'), {
    is: 'trades',
    trades: [{ symbol: 'BTCUSD', price: 3632.54, volume: 0.1362819142, ts: 1547759964051, tradeId: 7 }],
  });
  const same = { price: 84106.09, volume: 0.00007, ts: MS, tradeId: 4321 };
  t.match(mapCoinbaseBytes(Buffer.from(LIVE['coinbase exchange'])), {
    is: 'trades',
    trades: [{ symbol: 'BTC-USD', ...same }],
  });
  t.match(mapKrakenBytes(Buffer.from(LIVE['kraken v2'].replace('7e-5', '0.00007'))), {
    is: 'trades',
    trades: [{ symbol: 'BTC/USD', ...same }],
  });
});

t.test(
  'Frames as hybrid-feed writes them take the pass over the bytes, and the first test of the sampling',
  async (t) => {
    const [trades, updates] = [frames('binance', 1, 'btcusdt', 1000), frames('gemini', 1, 'btcusd', 1000)];
    for (let n = 0; n < 100; n++) {
      const trade = Buffer.from(trades.next(1_700_000_000_000 + n));
      t.ok(beginsAsTrade(trade) && mapBinanceBytes(trade) !== undefined);
      t.ok(mapGeminiBytes(Buffer.from(updates.next(1_700_000_000_000 + n)), 'BTCUSD') !== undefined);
    }
  },
);
