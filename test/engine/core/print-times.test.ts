import { PrintTimes } from '@hybrid-soak/engine/core/print-times.ts';
import t from 'tap';

const NOW = Date.UTC(2026, 5, 1);
const DAY = 86_400_000;
const YEAR = 366 * DAY;
const OF_2099 = Date.UTC(2099, 0, 1);

const judged = (times: PrintTimes, list: number[], now = NOW) => list.map((ts) => times.isSound(ts, () => now));

t.test('a first trade of 2099 is not sound, and those after it are judged as if it had not come', async (t) => {
  const times = new PrintTimes();
  t.same(judged(times, [OF_2099, NOW, NOW + 1000, OF_2099, NOW + 2000]), [false, true, true, false, true]);
});

t.test('old times are sound, and so is a clock that is a day behind', async (t) => {
  t.same(judged(new PrintTimes(), [Date.UTC(2018, 0, 1), NOW - 40 * DAY, NOW + DAY]), [true, true, true]);
});

t.test('a clock that is not set does not count', async (t) => {
  for (const now of [0, Date.UTC(1971, 0, 1)]) t.same(judged(new PrintTimes(), [NOW, NOW + 5], now), [true, true]);
});

t.test(
  'three trades in a row outweigh a clock that is behind; a single wild one among later ones does not count',
  async (t) => {
    const times = new PrintTimes();
    const behind = NOW - 40 * DAY;
    t.same(judged(times, [NOW, NOW + 1, NOW + 2, NOW + 3, NOW + 40 * DAY, OF_2099, NOW + 5], behind), [
      false,
      false,
      true,
      true,
      true,
      false,
      true,
    ]);
  },
);

t.test('wild times that do not agree are never believed', async (t) => {
  const times = new PrintTimes();
  const wild = [1, 3, 6, 10, 15, 21].map((n) => NOW + n * YEAR);
  t.same(new Set(judged(times, wild)), new Set([false]));
});
