import { Backoff } from '@hybrid-soak/engine/core/connection/backoff.ts';
import { retryAfterMs } from '@hybrid-soak/engine/core/connection/loss.ts';
import fc from 'fast-check';
import t from 'tap';

const RULES = { backoff_base_ms: 500, backoff_max_ms: 30_000, refused_backoff_ms: 300_000, healthy_after_ms: 60_000 };

t.test('the ceiling doubles up to its limit, and the whole of it is jitter', async (t) => {
  const highest = new Backoff(RULES, () => 1);
  const waits = Array.from({ length: 9 }, () => {
    highest.lost('failed', 0, 1000);
    return highest.readyAt - 1000;
  });
  t.same(waits, [500, 1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  const lowest = new Backoff(RULES, () => 0);
  lowest.lost('failed', 0, 1000);
  t.equal(lowest.readyAt, 1000);
});

t.test('a connection that was healthy for long enough starts again, a shorter one does not', async (t) => {
  const backoff = new Backoff(RULES, () => 1);
  for (let i = 0; i < 5; i++) backoff.lost('failed', 59_999, 0);
  t.equal(backoff.readyAt, 8000);
  backoff.lost('failed', 60_000, 0);
  t.equal(backoff.readyAt, 500);
});

t.test('a server that leaves in good order is tried again at once, and the second time it has failed', async (t) => {
  const backoff = new Backoff(RULES, () => 1);
  t.equal(backoff.lost('leaving', 0, 0), true);
  t.equal(backoff.readyAt, 500);
  t.equal(backoff.lost('leaving', 0, 0), false);
  t.equal(backoff.lost('leaving', 60_000, 0), true, 'a healthy connection between them');
});

t.test(
  'a server that sets a limit is left alone for as long as it says, also while every source is down',
  async (t) => {
    const backoff = new Backoff(RULES, () => 1);
    backoff.lost('limited', 0, 1000, 7000);
    t.same([backoff.readyAt, backoff.readyAtWhileDown()], [8500, 8500]);
    backoff.lost('limited', 0, 1000, null);
    t.equal(backoff.readyAtWhileDown(), 301_000, 'it has not said');
    backoff.lost('failed', 0, 1000, 7_000_000);
    t.equal(backoff.readyAtWhileDown(), 1500, 'an outage is looked at again soon, whatever it says');
    const now = Date.parse('2026-01-31T12:00:00Z');
    const headers = [
      '120',
      'Sat, 31 Jan 2026 12:01:00 GMT',
      'Sat, 31 Jan 2026 11:00:00 GMT',
      '9999999',
      'soon',
      '',
      undefined,
    ];
    t.same(
      headers.map((header) => retryAfterMs(header, now)),
      [120_000, 60_000, 0, 3_600_000, null, null, null],
    );
  },
);

t.test('a refusal is waited out for long, however it was before', async (t) => {
  fc.assert(
    fc.property(fc.double({ min: 0, max: 1, noNaN: true }), fc.nat({ max: 50 }), (roll, failures) => {
      const backoff = new Backoff(RULES, () => roll);
      for (let i = 0; i < failures; i++) backoff.lost('failed', 0, 0);
      const again = backoff.lost('refused', 1e9, 0);
      return !again && backoff.readyAt >= 150_000 && backoff.readyAt <= 300_000;
    }),
  );
  t.pass();
});
