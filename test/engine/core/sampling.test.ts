import { beginsAsTrade, looksLikeTrade, Sampler } from '@hybrid-soak/engine/core/sampling.ts';
import { mapFrame } from '@hybrid-soak/engine/feeds/exchanges/map-frame.ts';
import fc from 'fast-check';
import t from 'tap';
import { BITFINEX, CONTROL, FOREIGN, HISTORY, IGNORED, LIVE } from '../../fixtures/frames.ts';

const looks = (raw: string) => looksLikeTrade(Buffer.from(raw));

/** The same value with the fields of each object in another order and white space wherever JSON allows it. */
function rewrite(value: unknown, roll: () => number): string {
  const gap = () => ['', '', ' ', '\n', '\t ', '\r\n'][roll() % 6] as string;
  const list = (items: string[], open: string, close: string) =>
    open + gap() + items.join(`${gap()},${gap()}`) + gap() + close;
  if (Array.isArray(value))
    return list(
      value.map((item) => rewrite(item, roll)),
      '[',
      ']',
    );
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(() => (roll() % 3) - 1);
  return list(
    entries.map(([key, item]) => `${JSON.stringify(key)}${gap()}:${gap()}${rewrite(item, roll)}`),
    '{',
    '}',
  );
}

const rewritten = (frames: Record<string, string>) =>
  fc
    .tuple(
      fc.constantFrom(...Object.entries(frames).filter(([, raw]) => raw !== 'pong')),
      fc.infiniteStream(fc.nat({ max: 1000 })),
    )
    .map(([[name, raw], stream]) => ({ name, raw: rewrite(JSON.parse(raw), () => stream.next().value as number) }));

t.test('each live trade frame takes a turn, in any order of fields and any spacing', async (t) => {
  for (const [name, raw] of Object.entries(LIVE)) t.ok(looks(raw), name);
  fc.assert(
    fc.property(rewritten(LIVE), ({ raw }) => looks(raw) && mapFrame(raw, 'BTCUSD').is !== 'ignored'),
    { numRuns: 5000 },
  );
});

t.test('history, control, heartbeats, books and tickers never take a turn', async (t) => {
  for (const frames of [HISTORY, CONTROL, IGNORED]) {
    for (const [name, raw] of Object.entries(frames)) t.notOk(looks(raw), name);
    fc.assert(
      fc.property(rewritten(frames), ({ raw }) => !looks(raw)),
      { numRuns: 5000 },
    );
  }
});

t.test('the bytes agree with the full parse, over frames of every feed', async (t) => {
  const frames = rewritten({ ...LIVE, ...HISTORY, ...CONTROL, ...IGNORED });
  let trades = 0;
  fc.assert(
    fc.property(frames, ({ raw }) => {
      const { is } = mapFrame(raw, 'BTCUSD');
      if (is === 'trades') trades++;
      return looks(raw) === (is === 'trades' || is === 'malformed');
    }),
    { numRuns: 10_000 },
  );
  t.ok(trades > 1000);
});

t.test('a Bitfinex trade is an array of its channel and "te", however it is spaced', async (t) => {
  for (const raw of [BITFINEX.trade, BITFINEX['trade with a sequence number'], ' [\n17470 , "te"\t, [1,2,3,4]]'])
    t.ok(looks(raw), raw);
  for (const raw of [
    BITFINEX.snapshot,
    BITFINEX['trade again'],
    '["te",1]',
    '[17470,"te"]',
    '[,"te",1]',
    '[1,"tea",2]',
    '[1',
  ])
    t.notOk(looks(raw), raw);
});

t.test('no frame of a foreign venue takes a turn', async (t) => {
  for (const [name, raw] of Object.entries(FOREIGN)) t.notOk(looks(raw), name);
});

t.test('a Binance trade as the exchange writes it takes the fast path', async (t) => {
  t.ok(beginsAsTrade(Buffer.from(LIVE['binance'])));
  t.notOk(beginsAsTrade(Buffer.from(LIVE['binance aggTrade'])));
});

t.test('names in strings, in other fields and cut short are not trades', async (t) => {
  for (const raw of [
    '',
    'rade',
    '"trade"',
    '"trade',
    ':"trade"',
    '"e":"trade',
    '{"reason":"trade"}',
    '{"text":"\\"e\\":\\"trade\\""}',
    '{"ee":"trade"}',
    '{"e":"trades"}',
    '["trade","x"]',
    '{"a":[["trade",1]]}',
  ])
    t.notOk(looks(raw), raw);
});

t.test('random bytes are judged without a fault', async (t) => {
  const piece = fc.constantFrom(
    'rade',
    '"trade"',
    '"e":',
    '"type" :',
    '"aggTrade"',
    '"E":',
    '[',
    ']',
    ',',
    ' ',
    '"',
    '\\',
  );
  fc.assert(fc.property(fc.array(piece), (pieces) => typeof looks(pieces.join('')) === 'boolean'));
  fc.assert(fc.property(fc.uint8Array(), (bytes) => typeof looksLikeTrade(Buffer.from(bytes)) === 'boolean'));
  t.pass();
});

t.test('the sampler keeps every Nth, the Nth first', async (t) => {
  const sampler = new Sampler(3);
  t.same(
    Array.from({ length: 7 }, () => sampler.keep()),
    [false, false, true, false, false, true, false],
  );
});
