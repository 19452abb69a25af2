import { Coverage } from '@hybrid-soak/engine/core/coverage.ts';
import { FrameCount } from '@hybrid-soak/engine/core/frame-count.ts';
import t from 'tap';

t.test('an interval begins once and ends once', async (t) => {
  const coverage = new Coverage();
  coverage.begin('a', 'connected', 1);
  coverage.begin('a', 'connected', 2);
  coverage.end('a', 'connected', 3);
  coverage.end('a', 'connected', 4);
  t.same(coverage.take(), [
    { is: 'begun', source: 'a', kind: 'connected', fromMs: 1, detail: null },
    { is: 'ended', source: 'a', kind: 'connected', fromMs: 1, toMs: 3 },
  ]);
  t.same(coverage.take(), []);
});

t.test('a clock that was set back makes no interval end before it begins', async (t) => {
  const coverage = new Coverage();
  coverage.begin('a', 'gap', 3_600_000);
  coverage.end('a', 'gap', 5);
  t.match(coverage.take()[1], { fromMs: 3_600_000, toMs: 3_600_000 });
});

t.test('what is open at the end is ended, by kind or all of it', async (t) => {
  const coverage = new Coverage();
  for (const source of ['a', 'b'])
    for (const kind of ['connected', 'sampled'] as const) coverage.begin(source, kind, 1);
  coverage.take();
  coverage.endKind('sampled', 2);
  t.same(
    coverage.take().map(({ is, source, kind }) => [is, source, kind]),
    [
      ['ended', 'a', 'sampled'],
      ['ended', 'b', 'sampled'],
    ],
  );
  coverage.endAll(3);
  t.equal(coverage.take().length, 2);
});

t.test('frames that a connection lost are found by their count, and each connection counts for itself', async (t) => {
  const count = new FrameCount();
  const first = {};
  t.equal(count.lost(first, 7, 100), null, 'the first frame has nothing before it');
  t.equal(count.lost(first, 8, 110), null);
  t.same(count.lost(first, 11, 130), { first: 9, last: 10, sinceMs: 110 });
  t.equal(count.lost({}, 50, 140), null);
  t.equal(count.lost(first, 0, 150), null, 'a count that begins again has lost nothing');
});
