import { Dedupe } from '@hybrid-soak/engine/core/dedupe/dedupe.ts';
import type { Position, PositionSeed } from '@hybrid-soak/engine/core/dedupe/gaps.ts';
import type { Numbering } from '@hybrid-soak/engine/core/tick.ts';
import fc from 'fast-check';
import t from 'tap';
import { marketsOf } from '../../ticks.ts';

const DENSE: Numbering = { name: 'trade', ids: 'dense' };
const SPARSE: Numbering = { name: 'trade', ids: 'sparse' };
const A = { name: 'a' };
const B = { name: 'b' };
const MARKETS = marketsOf('BTCUSDT', 'ETHUSDT');

/** A market where trade number n happens at millisecond n, unless given otherwise. */
function market(numbering: Numbering, seeds: PositionSeed[] = []) {
  const dedupe = new Dedupe(seeds);
  const tick = (origin: { name: string }, ts: number, wire: string, price: number) => ({
    market: MARKETS.find((known) => known.wire === wire)!,
    source: origin.name,
    price,
    volume: 1,
    ts,
    tradeId: null,
  });
  const streamOf = (wire: string) => dedupe.streamOf(tick(A, 0, wire, 1).market, numbering, 'a');
  return {
    dedupe,
    take(id: number | string, { origin = A, ts = Number(id), counting = true, wire = 'BTCUSDT', price = 1 } = {}) {
      const stream = streamOf(wire);
      const isNew = stream.isNew(origin, tick(origin, ts, wire, price), String(id), counting);
      if (isNew) dedupe.changed(stream, () => 7);
      return isNew;
    },
    tell: (id: number | string, { ts = Number(id), price = 1 } = {}) =>
      streamOf('BTCUSDT').remember(tick(A, ts, 'BTCUSDT', price), String(id)),
    gaps: () => dedupe.takeGaps().map((gap) => `${gap.is} ${gap.source} ${gap.from}..${gap.to}`),
    standing: () => streamOf('BTCUSDT').standing,
    position: () => dedupe.takePositions()[0]?.position as Position,
  };
}

/** What the next run is given. */
const seedOf = (position: Position): PositionSeed[] => [{ venue: 'test', wire: 'BTCUSDT', ...position }];
/** A run of this numbering that has taken these ids, and the one after it. */
function restarted(numbering: Numbering, ids: (number | string)[], counting = true) {
  const before = market(numbering);
  for (const id of ids) before.take(id, { counting });
  return market(numbering, seedOf(before.position()));
}

t.test('a trade id is taken once, by two sources of one venue too', async (t) => {
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
  }
});

t.test('a jump of dense ids is a gap, closed when the last of it has come', async (t) => {
  const { take, gaps, dedupe } = market(DENSE);
  take(1);
  take(5);
  t.same(dedupe.takeGaps(), [{ is: 'opened', source: 'a', market: MARKETS[0], from: '2', to: '4', detectedAt: 7 }]);
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

t.test('a sparse id that was forgotten was seen, before and after a restart', async (t) => {
  const { take } = market(SPARSE);
  for (let id = 10; id <= 300_000; id += 10) take(id);
  t.equal(take(10), false, 'long forgotten');
  t.equal(take(299_995), true, 'one in between that comes late');
  const after = restarted(SPARSE, ['500', '510', '540']);
  t.same(
    [499, 500, 520, 540, 550].map((id) => after.take(id)),
    [false, false, true, false, true],
  );
});

t.test('a sparse id far ahead does not make the ids after it duplicates, even when it is forgotten', async (t) => {
  const { take } = market(SPARSE);
  for (let id = 1; id <= 30_000; id++) {
    if (id === 100) take('900000000000000', { ts: 100 });
    if (!take(id)) t.fail(`${id} was refused`);
  }
  t.notOk(take(25_000));
});

t.test('ids without an order are each taken once, over a restart too', async (t) => {
  const opaque: Numbering = { name: 'trade', ids: 'opaque' };
  const { take } = restarted(opaque, ['b-1', '2290000000050703789', 'a-2']);
  t.same(
    ['a-2', 'b-1', '2290000000050703789', 'a-1', '3'].map((id) => take(id, { ts: 1 })),
    [false, false, false, true, true],
  );
});

t.test('of several trades under one shared id each is taken once, over a restart too', async (t) => {
  const shared: Numbering = { name: 'event', ids: 'shared' };
  const { take, tell, position } = market(shared);
  tell(9, { ts: 5, price: 3 });
  t.same(
    [1, 2, 1, 2, 3].map((price) => take(9, { ts: 5, price })),
    [true, true, false, false, false],
  );
  const after = market(shared, seedOf(position()));
  t.same(
    [1, 4].map((price) => after.take(9, { ts: 5, price })),
    [false, true],
  );
});

t.test('while some trades are sampled out, holes are not gaps, and late ids still are new', async (t) => {
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

t.test('the past is never new, opens no gap if nothing was missed and closes none', async (t) => {
  const { take, tell, gaps } = market(DENSE);
  for (const id of [50, 49, 48]) tell(id);
  t.notOk(take(50));
  t.ok(take(51));
  t.same(gaps(), []);
  for (const id of [60, 59]) tell(id);
  t.ok(take(61));
  t.same(gaps(), ['opened a 52..60'], 'the trades of an outage are in no row of ticks, even if history shows them');
  t.notOk(take(60));
});

t.test('history before the first trade is where counting begins', async (t) => {
  const { take, tell, gaps } = market(DENSE);
  tell(50);
  t.ok(take(53));
  t.same(gaps(), ['opened a 51..52']);
});

t.test('history after a restart does not hide what was missed while the engine was down', async (t) => {
  const { take, tell, gaps } = restarted(DENSE, [9, 10]);
  for (const id of [15, 14, 10, 9]) tell(id);
  t.ok(take(16));
  t.same(gaps(), ['opened a 11..15']);
});

t.test('a numbering that begins again is followed once three trades confirm it; those before are a gap', async (t) => {
  for (const numbering of [DENSE, SPARSE]) {
    const { take, gaps } = restarted(numbering, [100, 101, 102]);
    t.same(
      [1, 2, 3, 3, 4].map((id) => take(id, { ts: 200 + id })),
      [false, false, true, false, true],
    );
    t.same(gaps(), numbering === DENSE ? ['opened a 1..2'] : []);
  }
});

t.test('re-stamped ids are not a new numbering: one alone, or several with the old numbering in between', async (t) => {
  for (const numbering of [DENSE, SPARSE]) {
    const { take, gaps } = restarted(numbering, [100, 101, 102]);
    t.notOk(take(100, { ts: 500 }));
    t.ok(take(103, { ts: 510 }));
    for (const id of [104, 105, 106]) {
      t.notOk(take(id - 4, { ts: 600 + id }));
      t.ok(take(id, { ts: 600 + id }));
    }
    t.same(gaps(), []);
  }
});

t.test('a restart doubles nothing, counts on, and closes the gaps of the run before', async (t) => {
  const { take, gaps } = restarted(DENSE, [1, 2, 6, 4]);
  t.same(
    [2, 6, 4].map((id) => take(id)),
    [false, false, false],
  );
  t.ok(take(9));
  t.same(gaps(), ['opened a 7..8']);
  t.ok(take(3));
  t.ok(take(5));
  t.same(gaps(), ['closed a 3..5']);
  const sparse = restarted(SPARSE, [1, 900]);
  t.same(
    [1, 900, 2].map((id) => sparse.take(id)),
    [false, false, true],
  );
});

t.test('what a database of schema 2 knows of a source and symbol is where its market goes on', async (t) => {
  const earlier = { venue: null, source: 'a', wire: 'BTCUSDT', numbering: '', lastId: '8', lastTs: 8, counting: true };
  const { take, gaps } = market(DENSE, [{ ...earlier, ids: ['7', '8'], holes: [] }]);
  t.notOk(take(8));
  t.ok(take(11));
  t.same(gaps(), ['opened a 9..10']);
});

t.test('after a run that sampled, the first jump is not a gap', async (t) => {
  const { take, gaps } = restarted(DENSE, [5, 10], false);
  t.notOk(take(10));
  t.ok(take(13));
  t.same(gaps(), []);
});

t.test('a position is there for a stream that has changed, and for no other', async (t) => {
  const { take, dedupe } = market(DENSE);
  t.same(dedupe.takePositions(), []);
  for (const id of [1, 5, 3]) take(id);
  take(7, { wire: 'ETHUSDT' });
  t.match(dedupe.takePositions(), [
    {
      market: 0,
      position: {
        lastId: '5',
        counting: true,
        holes: [
          { from: '2', to: '2', source: 'a', gap: ['2', '4'] },
          { from: '4', to: '4', source: 'a', gap: ['2', '4'] },
        ],
      },
    },
    { market: 1, position: { lastId: '7', holes: [] } },
  ]);
  t.same(dedupe.takePositions(), []);
  take(7, { wire: 'ETHUSDT' });
  t.same(dedupe.takePositions(), [], 'a duplicate changes nothing');
});

t.test('an id that stands still: other trades under it are taken, the same one is not', async (t) => {
  for (const numbering of [DENSE, SPARSE]) {
    const { take, standing } = market(numbering);
    t.same(
      [1, 2, 2, 3].map((price, i) => take(5, { price, ts: 10 + (i > 1 ? i - 1 : i) })),
      [true, true, false, true],
    );
    t.equal(standing(), 2);
    t.notOk(take(5, { price: 9, ts: 99, origin: B }), 'the same trade as another source shows it');
  }
});

t.test('ids beyond 2^53 differ by every digit', async (t) => {
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

t.test('a wild id is a trade and not a gap; the ids after it are not duplicates', async (t) => {
  for (const counting of [true, false]) {
    const { take, gaps } = market(DENSE);
    take(1);
    t.ok(take('9007199254740000', { ts: 2, counting }));
    t.notOk(take('9007199254740000', { ts: 2, counting }));
    t.same(
      [2, 3, 3, 4].map((id) => take(id, { ts: 3, counting })),
      [true, true, false, true],
    );
    t.same(gaps(), []);
  }
});

t.test('a jump over more ids than an outage takes is a gap once three trades confirm it', async (t) => {
  const { take, gaps } = market(DENSE);
  take(1);
  for (const id of [50_000_001, 50_000_002, 50_000_003, 50_000_004]) t.ok(take(id));
  t.same(gaps(), ['opened a 2..50000000']);
  t.notOk(take(50_000_002));
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
          // One millisecond and price for all: nothing is newer, so that no numbering begins again.
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
  t.notOk(sparse.take(19_000), 'forgotten, so it was seen');
});
