import { noTally, type Tally, tallied } from '@hybrid-soak/supervisor/core/ending/tally.ts';
import t from 'tap';

const FIRST = { isFirst: true, isSame: false };
const SAME = { isFirst: false, isSame: true };
const OTHER = { isFirst: false, isSame: false };

const after = (...looks: [Record<string, Record<string, number>>, typeof FIRST][]): Tally =>
  looks.reduce((tally, [now, life]) => tallied(tally, now, life), noTally);

t.test('counters by name add up over lives; what was there before the first look is not counted', async (t) => {
  const { sum } = after(
    [{ a: { ms: 900 } }, FIRST],
    [{ a: { ms: 1000 } }, SAME],
    [{ a: { ms: 50 }, b: { ms: 7 } }, OTHER],
    [{ a: { ms: 60 }, b: { ms: 9 } }, SAME],
  );
  t.same(sum, { a: { ms: 160 }, b: { ms: 9 } });
});

t.test('a name that is gone in the same life has fallen to 0; one of an earlier life stays as it was', async (t) => {
  t.same(after([{}, FIRST], [{ a: { missing: 5 } }, SAME], [{}, SAME]).sum, { a: { missing: 0 } });
  t.same(after([{}, FIRST], [{ a: { missing: 5 } }, SAME], [{}, OTHER]).sum, { a: { missing: 5 } });
});

t.test('names are bounded', async (t) => {
  const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`s${n}`, { ms: 1 }]));
  t.equal(Object.keys(after([{}, FIRST], [many, SAME]).sum).length, 200);
});
