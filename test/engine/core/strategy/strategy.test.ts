import { periodic, type Strategy, smaCrossover } from '@hybrid-soak/engine/core/strategy/strategy.ts';
import fc from 'fast-check';
import t from 'tap';

const tick = (price: number) => ({ symbol: 'BTCUSD', source: 's', price, volume: 1, ts: 1, tradeId: null });
const signals = (strategy: Strategy, prices: number[]) => prices.map((price) => strategy(tick(price))?.side ?? null);

t.test('periodic signals every N ticks, buying and selling in turn', async (t) => {
  t.same(signals(periodic(2), [1, 1, 1, 1, 1]), [null, 'BUY', null, 'SELL', null]);
});

t.test('sma buys where the short average crosses above the long one, and sells where it crosses below', async (t) => {
  const flat = Array.from({ length: 20 }, () => 100);
  const sides = signals(smaCrossover(), [...flat, 90, 90, 150, 150, 150, 20, 20, 20, 20, 20]);
  t.same(sides.filter(Boolean), ['BUY', 'SELL']);
  t.same(signals(smaCrossover(), flat).filter(Boolean), [], 'a flat market crosses nothing');
});

t.test('the same ticks give the same signals', async () => {
  const prices = fc.array(fc.double({ min: 0.01, max: 1e6, noNaN: true }), { maxLength: 200 });
  fc.assert(
    fc.property(prices, (list) => {
      for (const make of [smaCrossover, () => periodic(3)]) {
        const [once, again] = [signals(make(), list), signals(make(), list)];
        if (JSON.stringify(once) !== JSON.stringify(again)) throw new Error('differs');
      }
    }),
  );
});
