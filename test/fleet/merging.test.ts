import { MergeByHost } from '@hybrid-soak/fleet/merge/best-host.ts';
import { MergeById } from '@hybrid-soak/fleet/merge/by-id.ts';
import type { MergedTrade } from '@hybrid-soak/fleet/merge/trade.ts';
import fc from 'fast-check';
import t from 'tap';

const WAITS = { reorderMs: 10, silentMs: 100 };
const trade = (id: number, host: string, ts = id): MergedTrade => [String(id), 1, 1, ts, 'BTCUSD', null, host];
const none = () => {};

/** A merger that has last put out trade 0. */
const merger = () => new MergeById({ last: '0', absent: [] });
const ids = (ready: ReturnType<MergeById['ready']>) => ready?.trades.map(([id]) => Number(id));

t.test('a trade that follows the last one goes out at once, its copy of another host never', async (t) => {
  const merge = merger();
  merge.take('a', trade(1, 'a'), 0, none);
  t.same(ids(merge.ready(0, new Map(), WAITS, 10)), [1]);
  let isDone = false;
  merge.take('b', trade(1, 'b'), 0, () => {
    isDone = true;
  });
  t.ok(isDone);
  t.equal(merge.ready(0, new Map(), WAITS, 10), null);
});

t.test('a hole waits for the host that may have it, and is a gap of both when that has passed it', async (t) => {
  const merge = merger();
  const heard = new Map([
    ['a', 0],
    ['b', 0],
  ]);
  merge.take('b', trade(1, 'b'), 0, none);
  merge.take('a', trade(1, 'a'), 0, none);
  merge.take('a', trade(4, 'a'), 0, none);
  t.same(ids(merge.ready(50, heard, WAITS, 10)), [1], 'b may still have 2 and 3');
  merge.take('b', trade(2, 'b'), 50, none);
  t.same(ids(merge.ready(50, heard, WAITS, 10)), [2]);
  merge.report('b', 3n, 3n, () => {});
  merge.take('b', trade(5, 'b'), 60, none);
  const ready = merge.ready(60, heard, WAITS, 10);
  t.same(ids(ready), [4, 5]);
  t.same(ready?.gaps, [{ from: '3', to: '3', missed_by: ['a', 'b'], reported_by: ['b'] }]);
});

t.test('a host that is silent is not waited for; what it brings later fills the hole, once', async (t) => {
  const merge = merger();
  merge.take('b', trade(1, 'b'), 0, none);
  merge.take('a', trade(3, 'a'), 50, none);
  merge.ready(55, new Map([['b', 0]]), WAITS, 10);
  const heard = new Map([
    ['a', 101],
    ['b', 0],
  ]);
  t.same(ids(merge.ready(101, heard, WAITS, 10)), [3]);
  merge.take('b', trade(2, 'b'), 200, none);
  merge.take('b', trade(2, 'b'), 200, none);
  t.same(
    merge.ready(200, heard, WAITS, 10)?.fills.map(([id]) => id),
    ['2'],
  );
  t.same(merge.state(), { last: '3', absent: [] });
});

t.test('a hole before the first trade is filled by a host that comes later; no gap is made of it', async (t) => {
  const merge = new MergeById({ last: null, absent: [] });
  merge.take('a', trade(10, 'a'), 0, none);
  t.equal(merge.ready(5, new Map(), WAITS, 10), null);
  t.same(merge.ready(20, new Map(), WAITS, 10)?.gaps, []);
  merge.take('b', trade(4, 'b'), 30, none);
  t.same(merge.ready(30, new Map(), WAITS, 10)?.fills.length, 1);
  merge.report('b', 5n, 6n, () => {});
  t.match(merge.ready(30, new Map(), WAITS, 10)?.gaps, [{ from: '5', to: '9', reported_by: ['b'] }]);
});

t.test('whatever two hosts have, and in whatever order it comes: each trade once, in order', async (_t) => {
  const host = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 60 });
  fc.assert(
    fc.property(host, host, fc.array(fc.boolean(), { maxLength: 120 }), (a, b, turns) => {
      let merge = merger();
      const out: number[] = [];
      const fills: number[] = [];
      const queues: Record<string, number[]> = { a: [...a].sort((x, y) => x - y), b: [...b].sort((x, y) => x - y) };
      let now = 0;
      const publish = (limit: number) => {
        const ready = merge.ready(now, new Map(), WAITS, limit);
        out.push(...(ids(ready) ?? []));
        fills.push(...(ready?.fills.map(([id]) => Number(id)) ?? []));
      };
      for (const turn of [...turns, ...Array(120).fill(true), ...Array(120).fill(false)]) {
        const name = turn ? 'a' : 'b';
        const id = queues[name]?.shift();
        now += 7;
        if (id !== undefined) merge.take(name, trade(id, name), now, none);
        publish(3);
      }
      now += 1000;
      for (let n = 0; n < 60; n++) publish(3);
      // A new start has what stands in the last message.
      merge = new MergeById(merge.state());
      for (const id of [...a, ...b]) merge.take('a', trade(id, 'a'), now, none);
      publish(200);
      const all = [...new Set([...a, ...b])].sort((x, y) => x - y);
      const isAscending = out.every((id, n) => n === 0 || id > (out[n - 1] as number));
      return isAscending && JSON.stringify([...out, ...fills].sort((x, y) => x - y)) === JSON.stringify(all);
    }),
  );
});

t.test('without numbers one host leads until it is silent; the next goes on after the last time', async (t) => {
  const merge = new MergeByHost({ leader: null, row: -1, last_ts: 0 });
  const untitled = (ts: number, host: string): MergedTrade => [null, 1, 1, ts, 'BTCUSD', null, host];
  const heard = new Map([
    ['a', 0],
    ['b', 0],
  ]);
  for (const ts of [1, 2, 2]) merge.take('a', untitled(ts, 'a'), 0, none, ts);
  merge.take('b', untitled(1, 'b'), 0, none, 1);
  t.equal(merge.ready(5, heard, WAITS, 10), null, 'others may come');
  t.same(merge.ready(10, heard, WAITS, 10)?.trades.length, 3);
  merge.take('a', untitled(2, 'a'), 10, none, 2);
  t.equal(merge.ready(10, heard, WAITS, 10), null, 'a row that is out already');
  merge.take('b', untitled(2, 'b'), 10, none, 2);
  merge.take('b', untitled(3, 'b'), 10, none, 3);
  t.equal(merge.ready(50, heard, WAITS, 10), null);
  heard.set('b', 101);
  t.same(
    merge.ready(101, heard, WAITS, 10)?.trades.map(([, , , ts, , , host]) => [ts, host]),
    [[3, 'b']],
  );
  t.equal(merge.state().leader, 'b');
});

t.test('a leader that ships and has lost this one venue is silent here: another one goes on', async (t) => {
  const merge = new MergeByHost({ leader: 'a', row: 1, last_ts: 1 });
  const untitled = (ts: number, host: string): MergedTrade => [null, 1, 1, ts, 'BTCUSD', null, host];
  // It is heard of: it ships other markets.
  const heard = new Map([
    ['a', 200],
    ['b', 200],
  ]);
  merge.take('b', untitled(2, 'b'), 100, none, 1);
  t.equal(merge.ready(199, heard, WAITS, 10), null, 'it may still bring it');
  t.same(
    merge.ready(200, heard, WAITS, 10)?.trades.map(([, , , ts, , , host]) => [ts, host]),
    [[2, 'b']],
  );
});

t.test(
  'a reported hole outlives the merger that heard of it: it is acknowledged only once a stored message has it',
  async (t) => {
    const before = new MergeById({ last: '0', absent: [] });
    let acknowledged = 0;
    const done = () => {
      acknowledged++;
    };
    before.report('b', 3n, 4n, done);
    before.report('b', 3n, 4n, done);
    t.equal(acknowledged, 0);
    before.take('b', trade(1, 'b'), 0, () => {});
    const ready = before.ready(0, new Map(), WAITS, 100);
    const place = before.state();
    ready?.stored();
    t.equal(acknowledged, 1);
    before.report('b', 3n, 4n, done);
    t.equal(acknowledged, 2, 'delivered again, it is known');

    const after = new MergeById(place);
    for (const id of [2, 5]) after.take('b', trade(id, 'b'), 0, () => {});
    t.match(after.ready(WAITS.silentMs, new Map(), WAITS, 100)?.gaps, [{ from: '3', to: '4' }]);
  },
);
