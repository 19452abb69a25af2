import { type Point, withoutSteps } from '@hybrid-soak/contract/drift-steps.ts';
import { pooledSlope } from '@hybrid-soak/supervisor/core/drift/slope.ts';
import fc from 'fast-check';
import t from 'tap';

const line = (n: number, slope: number, level = 0): Point[] =>
  Array.from({ length: n }, (_, i) => ({ x: i, y: level + slope * i }));
const count = fc.integer({ min: 6, max: 40 });
const slopes = fc.integer({ min: -1000, max: 1000 }).map((k) => k / 64);

t.test('the slope of a line is found in pieces of any level, and a fifth of wild values does not move it', async () => {
  fc.assert(
    fc.property(
      count,
      slopes,
      fc.array(fc.integer({ min: -99, max: 99 }), { minLength: 1, maxLength: 3 }),
      (n, k, levels) => {
        const found = pooledSlope(levels.map((level) => line(n, k, level)));
        return found !== null && Math.abs(found.value - k) < 1e-6 && found.low <= k + 1e-6 && found.high >= k - 1e-6;
      },
    ),
  );
  fc.assert(
    fc.property(count, slopes, (n, k) => {
      const points = line(n, k).map((point, i) => (i % 6 === 3 ? { ...point, y: point.y + 1e6 } : point));
      const found = pooledSlope([points]);
      return found !== null && Math.abs(found.value - k) < 1e-3;
    }),
  );
});

t.test('a slope scales with its values and does not depend on where they begin', async () => {
  const ys = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 6, maxLength: 30 });
  fc.assert(
    fc.property(ys, fc.integer({ min: -500, max: 500 }), (values, shift) => {
      const of = (scale: number, more: number) =>
        pooledSlope([values.map((y, x) => ({ x: x + more, y: y * scale + more }))]);
      const [a, b] = [of(1, 0), of(4, shift)];
      return a !== null && b !== null && Math.abs(b.value - 4 * a.value) < 1e-6 && Math.abs(b.low - 4 * a.low) < 1e-6;
    }),
  );
});

t.test('an interval has its ends in order; too few values have none', async (t) => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 6, maxLength: 30 }), (values) => {
      const found = pooledSlope([values.map((y, x) => ({ x, y }))]);
      return found !== null && found.low <= found.value && found.value <= found.high;
    }),
  );
  t.equal(pooledSlope([line(5, 1)]), null);
  t.equal(pooledSlope([]), null);
});

t.test('a level that jumps is cut and is not a slope; a line is not cut', async (t) => {
  const wiggle = [0.01, -0.02, 0.02, 0, -0.01, 0.015];
  const flat = Array.from({ length: 20 }, (_, x) => ({ x, y: (x < 9 ? 5 : 8) + (wiggle[x % 6] as number) }));
  const pieces = withoutSteps(flat);
  t.same(
    pieces.map(({ length }) => length),
    [9, 11],
  );
  const found = pooledSlope(pieces);
  t.ok(found !== null && Math.abs(found.value) < 0.01 && found.low <= 0 && found.high >= 0);
  fc.assert(fc.property(count, slopes, (n, k) => withoutSteps(line(n, k)).length === 1));
});
