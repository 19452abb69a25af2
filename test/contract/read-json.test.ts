import { readVitals } from '@hybrid-soak/contract/heartbeat.ts';
import { readHolder } from '@hybrid-soak/contract/lock-holder.ts';
import { vitalsSchema } from '@hybrid-soak/contract/vitals.ts';
import t from 'tap';

/** One value of each kind that JSON has, and the numbers that a count, a measure and a whole number tell apart. */
const VALUES = [
  ...[null, true, 'text', '', 0, 1, -1, 0.5, -0.5, 2 ** 60, Number.POSITIVE_INFINITY],
  ...[[], ['text'], {}, { p50: 1, p99: 2, max: 3 }, { p50: -1, p99: 2, max: 3 }],
  { mono_ms: 1, heap_bytes: 2, private_bytes: 3, newer: 4 },
  { a: { connected_ms: 1, reconnects: 2, failovers: 3 } },
  { a: { connected_ms: 1, reconnects: 2.5, failovers: 3 } },
  [{ source: 'a', market: 'b', gaps: 1, missing: 2 }],
  [{ source: 'a', market: 'b', gaps: 1, missing: -2 }],
];

const tried = (read: (value: unknown) => unknown, value: unknown) => {
  try {
    return JSON.stringify(read(value));
  } catch {
    return 'refused';
  }
};

t.test('vitals are read as their schema says, key by key', async (t) => {
  const keys = Object.keys(vitalsSchema.shape);
  for (const key of [...keys, 'newer'])
    for (const value of VALUES) {
      const vitals = { [key]: value };
      t.equal(tried(readVitals, vitals), tried(vitalsSchema.parse, vitals), JSON.stringify(vitals));
    }
  for (const value of [{}, ...VALUES]) t.equal(tried(readVitals, value), tried(vitalsSchema.parse, value));
  const all = Object.fromEntries(
    keys.map((key) => [key, VALUES.find((one) => vitalsSchema.safeParse({ [key]: one }).success)]),
  );
  t.equal(tried(readVitals, all), tried(vitalsSchema.parse, all), 'in the same order');
});

t.test('a holder has all of its fields, and no others are taken over', async (t) => {
  const texts = Object.fromEntries(
    ['start', 'boot', 'run', 'unit', 'decisions', 'samples', 'config', 'db'].map((key) => [key, key]),
  );
  const holder = { pid: 1, kind: 'soak', ...texts };
  t.same(readHolder({ ...holder, more: 1 }), holder);
  for (const key of Object.keys(holder)) {
    t.throws(() => readHolder({ ...holder, [key]: undefined }), key);
    t.throws(() => readHolder({ ...holder, [key]: key === 'pid' ? '1' : 1 }), key);
  }
  for (const value of [null, [], 'text', 1]) t.throws(() => readHolder(value));
});
