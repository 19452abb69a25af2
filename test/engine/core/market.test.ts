import { Markets } from '@hybrid-soak/engine/core/market.ts';
import t from 'tap';

const origin = (venue: string, more: { wireSymbol?: string; symbol?: string } = {}) => ({
  venue,
  wireSymbol: undefined,
  symbol: '',
  ...more,
});

t.test('[app] symbol is shown for one market of a venue alone, whichever comes first', async (t) => {
  for (const order of [
    ['BTC-USD', 'BTC-USDT'],
    ['BTC-USDT', 'BTC-USD'],
  ]) {
    const markets = new Markets('BTCUSD');
    const shown = Object.fromEntries(order.map((wire) => [wire, markets.of(origin('a'), wire)?.symbol]));
    t.same(shown, { 'BTC-USD': 'BTCUSD', 'BTC-USDT': 'BTC-USDT' });
  }
  const spelt = new Markets('BTCUSD');
  t.same(
    ['BTC-USD', 'BTC/USD', 'BTC-USD'].map((wire) => spelt.of(origin('a'), wire)?.symbol),
    ['BTCUSD', 'BTC/USD', 'BTCUSD'],
  );
});

t.test('the same wire symbol of two venues is two markets with one name', async (t) => {
  const markets = new Markets('BTCUSD');
  const [spot, futures] = ['stream.binance.com', 'fstream.binance.com'].map((venue) =>
    markets.of(origin(venue, { symbol: 'BTCUSDT' }), 'BTCUSDT'),
  );
  t.not(spot, futures);
  t.same([spot?.symbol, futures?.symbol], ['BTCUSD', 'BTCUSD']);
  t.equal(markets.of(origin('stream.binance.com'), 'BTCUSDT'), spot, 'one object for each');
});

t.test('new markets are taken once, in the order of their index', async (t) => {
  const markets = new Markets('X');
  markets.of(origin('a'), 'A');
  markets.of(origin('a'), 'B');
  t.match(markets.takeNew(), [
    { index: 0, wire: 'A' },
    { index: 1, wire: 'B' },
  ]);
  t.same(markets.takeNew(), []);
  markets.of(origin('b'), 'A');
  t.match(markets.takeNew(), [{ index: 2, venue: 'b', wire: 'A' }]);
});

t.test('a feed of endless symbols is bounded', async (t) => {
  const markets = new Markets('X');
  for (let n = 0; n < 10_000; n++) markets.of(origin('a'), `S${n}`);
  t.equal(markets.of(origin('a'), 'one more'), null);
  t.ok(markets.of(origin('a'), 'S7'));
});
