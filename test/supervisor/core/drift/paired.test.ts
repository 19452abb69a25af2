import { pairedDifference, slopeDifferences } from '@hybrid-soak/supervisor/core/drift/paired.ts';
import t from 'tap';
import { between, type Random, seeded } from '../../../sim/random.ts';

/** An hour of minutes whose noise follows itself, about `level`. */
function minutes(random: Random, level: number, follows: number): number[] {
  let last = 0;
  return Array.from({ length: 60 }, () => {
    last = follows * last + between(random, -1, 1);
    return level + last;
  });
}

const differing = (shift: number, follows: number) =>
  Array.from({ length: 400 }, (_, seed) => {
    const random = seeded(seed + 1);
    return pairedDifference(minutes(random, 50, follows), minutes(random, 50 + shift, follows))?.differs;
  }).filter(Boolean).length / 400;

t.test('two runs that differ by noise alone differ in at most 2 of 100, also if it follows itself', async (t) => {
  for (const follows of [0, 0.4, 0.7]) {
    const share = differing(0, follows);
    t.ok(share <= 0.02, `${share} at ${follows}`);
  }
});

t.test('a difference about as large as the noise is found', async (t) => {
  for (const follows of [0, 0.4]) {
    const share = differing(1.3, follows);
    t.ok(share >= 0.95, `${share} at ${follows}`);
  }
});

t.test('what is unknown in one run is compared in neither; too little has no interval', async (t) => {
  const a = [Number.NaN, ...Array.from({ length: 9 }, () => 5)];
  t.match(
    pairedDifference(
      a,
      Array.from({ length: 20 }, () => 7),
    ),
    { a: 5, b: 7, difference: 2, pairs: 9, differs: true },
  );
  t.equal(pairedDifference(a.slice(0, 8), a), null);
});

t.test('slopes differ if their intervals say so; one that is not known is left out', async (t) => {
  const slope = (value: number | null, low: number | null, high: number | null) => ({
    ...{ signal: 'heap' as const, unit: 'MiB/h', slope: value, low, high, points: 20, drift: false },
    ...{ threshold: null, limit_in_h: null, text: '' },
  });
  const of = (a: ReturnType<typeof slope>, b: ReturnType<typeof slope>) => slopeDifferences([a], [b]);
  t.match(of(slope(0, -0.1, 0.1), slope(1, 0.8, 1.2)), [{ signal: 'slope of heap', difference: 1, differs: true }]);
  t.match(of(slope(0, -1, 1), slope(1, 0, 2)), [{ differs: false }]);
  t.same(of(slope(0, -1, 1), slope(null, null, null)), []);
});
