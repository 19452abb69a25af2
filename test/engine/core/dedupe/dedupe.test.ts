import { Dedupe, type Origin } from '@hybrid-soak/engine/core/dedupe/dedupe.ts';
import { NO_SEEDS, type Seeds } from '@hybrid-soak/engine/core/dedupe/gaps.ts';
import type { Numbering } from '@hybrid-soak/engine/core/tick.ts';
import fc from 'fast-check';
import t from 'tap';

const DENSE: Numbering = { name: 'binance', ids: 'dense' };
const SPARSE: Numbering = { name: 'gemini', ids: 'sparse' };
const A: Origin = { name: 'a', kin: ['a', 'b'] };
const B: Origin = { name: 'b', kin: ['a', 'b'] };

/** A market where trade number n happens at millisecond n, unless told otherwise. */
function market(numbering: Numbering | null, seeds: Seeds = NO_SEEDS) {
  const dedupe = new Dedupe(seeds);
  const tick = (origin: Origin, id: string, ts: number) => ({
    symbol: 'BTCUSD',
    source: origin.name,
    price: 1,
    volume: 1,
    ts,
    tradeId: id,
  });
  return {
    dedupe,
    take: (id: number | string, { origin = A, ts = Number(id), counting = true, wire = 'BTCUSDT' } = {}) =>
      dedupe.isNew(origin, wire, tick(origin, String(id), ts), numbering, counting, () => 7),
    tell: (id: number | string, origin = A) =>
      dedupe.remember(origin, 'BTCUSDT', tick(origin, String(id), Number(id)), numbering),
    gaps: () => dedupe.takeGaps().map((gap) => `${gap.is} ${gap.source} ${gap.from}..${gap.to}`),
  };
}

const seeded = (ids: string[], gaps: [string, string][] = [], counting = true): Seeds => ({
  streams: [{ source: 'a', symbol: 'BTCUSD', ids, lastTs: Math.max(...ids.map(Number)) }],
  gaps: gaps.map(([from, to]) => ({ source: 'a', symbol: 'BTCUSD', from, to })),
  counting,
  holdings: [],
});

t.test('a trade id is taken once, also by two sources of one exchange', async (t) => {
  for (const numbering of [DENSE, SPARSE]) {
    const { take } = market(numbering);
    t.same(
      [1, 2, 3].map((id) => take(id)),
      [true, true, true],
    );
    t.same(
      [1, 2, 3].map((id) => take(id)),
      [false, false, false],
    );
    t.same(
      [2, 3, 4].map((id) => take(id, { origin: B })),
      [false, false, true],
    );
    t.equal(take(2, { wire: 'ETHUSDT' }), true, 'another market has ids of its own');
    t.equal(take(2, { origin: { name: 'c', site: '.us' } }), true, 'and so has another site');
  }
});

t.test('an exchange that does not number its trades has no duplicates to tell', async (t) => {
  const { take } = market(null);
  t.same([take(1), take(1)], [true, true]);
});

t.test('a jump of dense ids is a gap, closed when the last of it has come', async (t) => {
  const { take, gaps, dedupe } = market(DENSE);
  take(1);
  take(5);
  t.same(dedupe.takeGaps(), [{ is: 'opened', source: 'a', symbol: 'BTCUSD', from: '2', to: '4', detectedAt: 7 }]);
  t.ok(take(3));
  t.notOk(take(3));
  t.ok(take(2));
  t.same(gaps(), []);
  t.ok(take(4, { origin: B }));
  t.same(gaps(), ['closed a 2..4'], 'under the source that missed it, whichever filled it');
  t.notOk(take(4));
});

t.test('a jump of sparse ids means nothing', async (t) => {
  const { take, gaps } = market(SPARSE);
  t.same(
    [10, 500, 20, 500].map((id) => take(id)),
    [true, true, true, false],
  );
  t.same(gaps(), []);
});

t.test(
  'a sparse id that was forgotten was seen, before and after a restart, unless the numbering has begun again',
  async (t) => {
    const { take } = market(SPARSE);
    for (let id = 10; id <= 300_000; id += 10) take(id);
    t.equal(take(10), false, 'long forgotten');
    t.equal(take(299_995), true, 'one in between that comes late');
    t.equal(take(20, { ts: 300_001 }), true, 'another trade of that number');
    const after = market(SPARSE, seeded(['500', '510', '540']));
    t.same(
      [499, 500, 520, 540, 550].map((id) => after.take(id)),
      [false, false, true, false, true],
    );
  },
);

t.test('of several trades under one shared id each is taken once', async (t) => {
  const shared: Numbering = { name: 'gemini events', ids: 'shared' };
  const run = (seeds: Seeds) => {
    const dedupe = new Dedupe(seeds);
    const fill = (price: number) => ({ symbol: 'BTCUSD', source: 'a', price, volume: 1, ts: 5, tradeId: '9' });
    return {
      take: (price: number) => dedupe.isNew(A, 'BTCUSD', fill(price), shared, true, () => 7),
      tell: (price: number) => dedupe.remember(A, 'BTCUSD', fill(price), shared),
    };
  };
  const { take, tell } = run(NO_SEEDS);
  tell(3);
  t.same([1, 2, 1, 2, 3].map(take), [true, true, false, false, false]);
  t.equal(run(seeded(['9'])).take(1), false, 'one that an earlier run wrote is not written again');
});

t.test('while some trades are sampled out, holes are no gaps, and late ids still are new', async (t) => {
  const { take, gaps } = market(DENSE);
  take(1);
  for (const id of [6, 11, 16]) take(id, { counting: false });
  t.ok(take(8, { counting: false }));
  t.notOk(take(8, { counting: false }));
  take(21);
  t.same(gaps(), [], 'the first trade after sampling has nothing to be counted from');
  take(23);
  t.same(gaps(), ['opened a 22..22']);
});

t.test('the past is never new, opens no gap where nothing was missed and closes none', async (t) => {
  const { take, tell, gaps } = market(DENSE);
  for (const id of [50, 49, 48]) tell(id);
  t.notOk(take(50));
  t.ok(take(51));
  t.same(gaps(), []);
  for (const id of [60, 59]) tell(id);
  t.ok(take(61));
  t.same(gaps(), ['opened a 52..60'], 'the trades of an outage are in no row of ticks, also when they were told');
  t.notOk(take(60));
});

t.test('what was told before the first trade is where counting begins', async (t) => {
  const { take, tell, gaps } = market(DENSE);
  tell(50);
  t.ok(take(53));
  t.same(gaps(), ['opened a 51..52']);
});

t.test('what was told after a restart does not hide what was missed while the engine was down', async (t) => {
  const { take, tell, gaps } = market(DENSE, seeded(['9', '10']));
  for (const id of [15, 14, 10, 9]) tell(id);
  t.ok(take(16));
  t.same(gaps(), ['opened a 11..15']);
});

t.test('a numbering that begins again is not taken for duplicates', async (t) => {
  const { take, gaps } = market(DENSE);
  for (const id of [100, 101, 102]) take(id);
  t.same(
    [1, 2, 3, 3, 101].map((id, i) => take(id, { ts: 200 + Math.min(i, 2) })),
    [true, true, true, false, true],
  );
  t.same(gaps(), ['opened a 4..100']);
});

t.test('a restart doubles nothing, counts on, and closes the gaps of the run before', async (t) => {
  const { take, gaps } = market(DENSE, seeded(['1', '2', '6', '4'], [['3', '5']]));
  t.same(
    [2, 6, 4].map((id) => take(id)),
    [false, false, false],
  );
  t.ok(take(9));
  t.same(gaps(), ['opened a 7..8']);
  t.ok(take(3));
  t.ok(take(5));
  t.same(gaps(), ['closed a 3..5']);
  const sparse = market(SPARSE, seeded(['1', '900']));
  t.same(
    [1, 900, 2].map((id) => sparse.take(id)),
    [false, false, true],
  );
});

t.test('the seeds of a source count for its kin', async (t) => {
  const { take } = market(DENSE, seeded(['7', '8']));
  t.notOk(take(8, { origin: B }));
  t.ok(take(9, { origin: B }));
});

t.test('after a run that sampled, the first jump is no gap', async (t) => {
  const { take, gaps } = market(DENSE, seeded(['5', '10'], [], false));
  t.notOk(take(10));
  t.ok(take(13));
  t.same(gaps(), []);
});

t.test('ids beyond 2^53 are told apart digit by digit', async (t) => {
  const { take, gaps } = market(DENSE);
  t.ok(take('9007199254740992', { ts: 1 }));
  t.ok(take('9007199254740993', { ts: 2 }));
  t.notOk(take('9007199254740993', { ts: 2 }));
  t.ok(take('9007199254740995', { ts: 3 }));
  t.same(gaps(), ['opened a 9007199254740994..9007199254740994']);
  t.ok(take('9007199254740994', { ts: 3 }));
  t.same(gaps(), ['closed a 9007199254740994..9007199254740994']);
  const edge = market(DENSE);
  for (const id of ['999999999999998', '999999999999999', '1000000000000000', '1000000000000001'])
    t.ok(edge.take(id, { ts: 1 }), id);
  t.notOk(edge.take('1000000000000000', { ts: 1 }));
  t.same(edge.gaps(), [], 'no hole where one more digit begins');
});

t.test('a wild id does not make the ids after it duplicates', async (t) => {
  for (const counting of [true, false]) {
    const { take } = market(DENSE);
    take(1);
    t.ok(take('9007199254740000', { ts: 2, counting }));
    t.same(
      [2, 3, 3, 4].map((id) => take(id, { ts: 3, counting })),
      [true, true, false, true],
    );
  }
});

t.test(
  'any order of arrival, with any repetition, takes each id once, and each gap that is filled is closed',
  async (t) => {
    const arrivals = fc.array(fc.integer({ min: 1, max: 120 }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(arrivals, fc.boolean(), (ids, dense) => {
        const { take, dedupe } = market(dense ? DENSE : SPARSE);
        const first = ids[0] as number;
        const seen = new Set<number>();
        const open = new Map<string, string>();
        for (const id of ids) {
          // One millisecond for all: nothing is newer, so that no numbering begins again.
          const fresh = take(id, { ts: 5 });
          const expected = !seen.has(id) && (!dense || id >= first);
          if (fresh !== expected) throw new Error(`${id} was ${fresh ? 'taken' : 'refused'}`);
          if (fresh) seen.add(id);
          for (const gap of dedupe.takeGaps())
            if (gap.is === 'opened') open.set(gap.from, gap.to);
            else if (!open.delete(gap.from)) throw new Error('closed what was not open');
        }
        for (const [from, to] of open) {
          const all = Array.from({ length: Number(to) - Number(from) + 1 }, (_, i) => Number(from) + i);
          if (all.every((id) => seen.has(id))) throw new Error(`${from}..${to} is filled and open`);
        }
      }),
      { numRuns: 2000 },
    );
    t.pass();
  },
);

t.test('memory is bounded, for dense ids with holes and for sparse ones', async (t) => {
  const dense = market(DENSE);
  for (let id = 1; id < 100_000; id += 2) dense.take(id, { ts: 5, counting: false });
  t.ok(dense.take(99_998, { ts: 5 }), 'a late id of a hole that is remembered');
  t.notOk(dense.take(2, { ts: 5 }), 'one of a hole that was forgotten counts as seen');
  const sparse = market(SPARSE);
  for (let id = 1; id <= 30_000; id++) sparse.take(id);
  t.notOk(sparse.take(20_001));
  t.ok(sparse.take(19_000, { ts: 40_000 }), 'forgotten');
});
