import type { Market } from '@hybrid-soak/engine/core/market.ts';
import { RecentOrders } from '@hybrid-soak/engine/core/shadow/recent-orders.ts';
import t from 'tap';
import { marketsOf } from '../../ticks.ts';

const [btc, eth] = marketsOf('BTCUSD', 'ETHUSD') as [Market, Market];
const id = (number: number) => ({ prefix: 'p', number });

t.test('an order is known again by its market and number, or by its text', async (t) => {
  const recent = new RecentOrders();
  t.same([recent.add(id(7), btc), recent.add(id(7), btc), recent.add(id(7), eth)], [true, false, true]);
  const far = { ...btc, index: 70_000 };
  t.same([recent.add(id(7), far), recent.add(id(7), far)], [true, false], 'however many markets');
  t.same([recent.add('p7', btc), recent.add('p7', btc), recent.add('p8', btc)], [true, false, true]);
});

t.test('the latest 10,000 are known, whatever their numbers have in common; older ones are forgotten', async (t) => {
  const market = (n: number) => (n % 2 === 0 ? btc : eth);
  for (const step of [1, 16_384, 2 ** 32, 10_007]) {
    const recent = new RecentOrders();
    const numbers = Array.from({ length: 45_000 }, (_, n) => 1e9 + n * step);
    const wrong = numbers.filter((number, n) => {
      const before = Math.max(0, n - 9999);
      return !recent.add(id(number), market(n)) || recent.add(id(numbers[before] as number), market(before));
    });
    t.same(wrong, [], `by ${step}`);
    t.ok(recent.add(id(1e9), btc));
  }
});
