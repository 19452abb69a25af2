import { periodic, type Strategy, smaCrossover } from '@hybrid-soak/engine/core/strategy/strategy.ts';
import fc from 'fast-check';
import t from 'tap';

const signals = (strategy: Strategy, prices: number[]) => prices.map((price) => strategy({ price })?.side ?? null);

t.test('periodic signals every N ticks, buying and selling in turn', async (t) => {
  t.same(signals(periodic(2), [1, 1, 1, 1, 1]), [null, 'BUY', null, 'SELL', null]);
});

t.test('sma buys when the short average crosses above the long one, and sells when it crosses below', async (t) => {
  const flat = Array.from({ length: 20 }, () => 100);
  const sides = signals(smaCrossover(), [...flat, 90, 90, 150, 150, 150, 20, 20, 20, 20, 20]);
  t.same(sides.filter(Boolean), ['SELL', 'BUY', 'SELL'], 'the first move away from a flat price is a crossover');
  t.same(signals(smaCrossover(), flat).filter(Boolean), [], 'a flat market crosses nothing');
});

t.test(
  "the earlier system's crossover: the 21st tick of a rise buys, the 38th of the fall after it sells",
  async (t) => {
    const flat = Array.from({ length: 20 }, () => 100);
    const up = Array.from({ length: 10 }, (_, n) => 101 + n);
    const down = Array.from({ length: 20 }, (_, n) => 109 - n);
    const sides = signals(smaCrossover(), [...flat, ...up, ...down]);
    t.same(
      sides.flatMap((side, at) => (side === null ? [] : [`${side} at ${at + 1}`])),
      ['BUY at 21', 'SELL at 38'],
    );
    for (const price of [0.1, 0.3, 84_106.09, 1e-7])
      t.same(
        signals(smaCrossover(), Array(200).fill(price)).filter(Boolean),
        [],
        `rounding at ${price} is not a crossover`,
      );
  },
);

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
