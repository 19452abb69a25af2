import { Coverage } from '@hybrid-soak/engine/core/coverage.ts';
import { FrameCount } from '@hybrid-soak/engine/core/frame-count.ts';
import t from 'tap';

t.test('an interval begins once and ends once', async (t) => {
  const coverage = new Coverage(() => ({ wallMs: 0, monoMs: 0 }));
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
  const coverage = new Coverage(() => ({ wallMs: 0, monoMs: 0 }));
  coverage.begin('a', 'gap', 3_600_000);
  coverage.end('a', 'gap', 5);
  t.match(coverage.take()[1], { fromMs: 3_600_000, toMs: 3_600_000 });
});

t.test('an interval is as long as the monotonic clock says: one begun in 1971 lasts no 20,000 days', async (t) => {
  const at = { wallMs: 31_536_000_000, monoMs: 1000 };
  const coverage = new Coverage(() => at);
  coverage.begin('a', 'connected', at.wallMs);
  coverage.begin('a', 'stale', at.wallMs - 500);
  Object.assign(at, { wallMs: 1_790_000_000_000, monoMs: 61_000 });
  coverage.end('a', 'connected', at.wallMs);
  coverage.end('a', 'stale', at.wallMs);
  t.match(coverage.take().slice(2), [
    { fromMs: 31_536_000_000, toMs: 31_536_060_000 },
    { fromMs: 31_535_999_500, toMs: 31_536_060_000 },
  ]);
});

t.test('at a jump what is open ends by the old time and goes on by the new one', async (t) => {
  const at = { wallMs: 31_536_000_000, monoMs: 1000 };
  const coverage = new Coverage(() => at);
  coverage.begin('a', 'sampled', at.wallMs, '1 in 5');
  Object.assign(at, { wallMs: 1_790_000_000_000, monoMs: 61_000 });
  coverage.jumped();
  Object.assign(at, { wallMs: 1_790_000_005_000, monoMs: 66_000 });
  coverage.end('a', 'sampled', at.wallMs);
  t.match(coverage.take().slice(1), [
    { is: 'ended', fromMs: 31_536_000_000, toMs: 31_536_060_000 },
    { is: 'begun', fromMs: 1_790_000_000_000, detail: '1 in 5' },
    { is: 'ended', fromMs: 1_790_000_000_000, toMs: 1_790_000_005_000 },
  ]);
});

t.test(
  'time connected, connections and failovers are known by source, open intervals included; a jump is none',
  async (t) => {
    const at = { wallMs: 1_000_000, monoMs: 0 };
    const coverage = new Coverage(() => at);
    coverage.begin('a', 'connected', at.wallMs);
    Object.assign(at, { wallMs: 1_060_000, monoMs: 60_000 });
    coverage.end('a', 'connected', at.wallMs);
    coverage.begin('b', 'connected', at.wallMs);
    coverage.begin('b', 'failover', at.wallMs, 'instead of a');
    Object.assign(at, { wallMs: 9_000_000, monoMs: 90_000 });
    coverage.jumped();
    Object.assign(at, { wallMs: 9_010_000, monoMs: 100_000 });
    t.same(coverage.bySource(), {
      a: { connected_ms: 60_000, reconnects: 0, failovers: 0 },
      b: { connected_ms: 40_000, reconnects: 0, failovers: 1 },
    });
    t.equal(coverage.connectedMs(), 100_000);
  },
);

t.test('what is open at the end is ended, by kind or all of it', async (t) => {
  const coverage = new Coverage(() => ({ wallMs: 0, monoMs: 0 }));
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
