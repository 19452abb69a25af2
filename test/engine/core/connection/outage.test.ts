import { Format } from '@hybrid-soak/engine/core/connection/format.ts';
import { recall, type SourceHealth } from '@hybrid-soak/engine/core/connection/health.ts';
import { Outage } from '@hybrid-soak/engine/core/connection/outage.ts';
import t from 'tap';

const DEADLINES = { unreachableMs: 10_000, garbageMs: 5000 };

/** A source that may be tried from `readyAt` on. */
const source = (index: number, readyAt = 0) => ({
  index,
  backoff: { readyAt, readyAtWhileDown: () => readyAt },
  failedAt: null,
  attempts: { endedAt: null as number | null, garbageAt: null as number | null },
});

/** Looks once a second from `from` to `to`; the first verdict and when it came. */
function watch(outage: Outage, sources: ReturnType<typeof source>[], from: number, to: number) {
  for (let ms = from; ms <= to; ms += 1000) {
    const verdict = outage.look(sources, ms);
    if (verdict !== null) return { is: verdict.is, at: ms };
  }
  return null;
}

t.test('a source that is still being tried is a remedy, however long all have been down', async (t) => {
  const outage = new Outage(DEADLINES, 0);
  const [a, b] = [source(0), source(1)];
  outage.ended(a, 'failed', 1000);
  t.equal(watch(outage, [a, b], 2000, 60_000), null);
  outage.ended(b, 'failed', 60_500);
  t.match(watch(outage, [a, b], 61_000, 70_000), { is: 'network', at: 61_000 });
});

t.test('a source whose server set a limit is not waited for', async (t) => {
  const outage = new Outage(DEADLINES, 0);
  const [a, limited] = [source(0), source(1, 300_000)];
  outage.ended(a, 'failed', 1000);
  t.match(watch(outage, [a, limited], 2000, 60_000), { is: 'network', at: 10_000 });
});

t.test('garbage is hopeless only while no other source is left, and a good trade ends it', async (t) => {
  const outage = new Outage(DEADLINES, 0);
  const [a, b] = [source(0), source(1)];
  outage.up();
  outage.malformed(1000);
  outage.ended(a, 'garbage', 3000);
  t.equal(watch(outage, [a, b], 4000, 20_000), null, 'the other one serves');
  outage.trade();
  outage.ended(b, 'failed', 21_000);
  t.equal(watch(outage, [a, b], 22_000, 30_000), null, 'the garbage is over');
  outage.malformed(31_000);
  outage.ended(a, 'garbage', 33_000);
  outage.ended(b, 'failed', 34_000);
  t.match(watch(outage, [a, b], 35_000, 60_000), { is: 'parse' });
});

t.test('a process that was frozen is not late by its sleep', async (t) => {
  const outage = new Outage(DEADLINES, 0);
  const a = source(0);
  outage.ended(a, 'failed', 500);
  t.equal(outage.look([a], 1000), null);
  t.equal(outage.look([a], 3_600_000), null);
  t.match(watch(outage, [a], 3_601_000, 3_700_000), { is: 'network', at: 3_607_000 });
});

t.test('a few malformed frames do not make a format, and a frame that was not read proves nothing', async (t) => {
  const format = new Format(1000);
  format.note('malformed', 0);
  format.note('malformed', 5000);
  t.ok(format.isSuspect);
  t.notOk(format.isGarbage(5000), 'two frames');
  format.note('unparsed', 6000);
  format.note('other', 6000);
  t.notOk(format.isGarbage(6000));
  format.note('malformed', 7000);
  t.ok(format.isGarbage(7000));
  format.note('trade', 7001);
  t.notOk(format.isSuspect);
  t.notOk(format.isGarbage(9000));
});

t.test('what was learnt is forgotten after a day, and if the clock says that it is still to come', async (t) => {
  const known: SourceHealth = {
    name: 'a',
    url: 'ws://h',
    verdict: 'garbage',
    notedMs: 1e12,
    restUntilMs: 1e12 + 60_000,
  };
  t.match(recall(known, 1e12 + 1000, 300_000), { restMs: 59_000, agoMs: 1000, isLimited: false });
  t.match(recall(known, 1e12 + 100_000, 300_000), { restMs: 0 });
  t.equal(recall(known, 1e12 - 1, 300_000), null, 'the clock was set back');
  t.equal(recall(known, 1e12 + 86_400_001, 300_000), null);
  t.equal(recall({ ...known, verdict: 'ok' }, 1e12 + 1, 300_000), null);
  t.match(recall({ ...known, restUntilMs: 9e12 }, 1e12, 300_000), { restMs: 300_000 });
  t.match(recall({ ...known, restUntilMs: 9e12, verdict: 'limited' }, 1e12, 300_000), {
    restMs: 3_600_000,
    isLimited: true,
  });
});
