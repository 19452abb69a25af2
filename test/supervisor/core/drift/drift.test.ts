import type { Vitals } from '@hybrid-soak/contract/vitals.ts';
import t from 'tap';
import { Soak } from '../soak.ts';

const MIB = 1024 ** 2;
const FLOOR_S = 300;
const WIGGLE = [0.02, -0.03, 0.01, 0, -0.01, 0.03];

/** Runs with a floor every five minutes; `grows`: MiB/h. */
function soakFor(hours: number, grows: number, soak: Soak, more: (at: number) => Vitals = () => ({})): Soak {
  const end = soak.at + hours * 3600;
  for (let n = 1; soak.at < end && soak.last?.ending == null; n++) {
    const bytes = (50 + (grows * n * FLOOR_S) / 3600 + (WIGGLE[n % 6] as number)) * MIB;
    const floor = { mono_ms: n * FLOOR_S * 1000, heap_bytes: bytes / 2, private_bytes: bytes };
    soak.set({ vitals: { floor, unaccounted: 0, ...more(soak.at) } }).run(FLOOR_S);
  }
  return soak;
}

const fresh = (growth?: number) =>
  new Soak({ thresholds: growth === undefined ? {} : { max_memory_growth_mib_per_hour: growth } }, {}, { kept: 1000 });
const summaryOf = (soak: Soak) => soak.run(600).of('SUMMARY')[0] ?? {};
const driftIn = (soak: Soak, signal: string) =>
  ((summaryOf(soak) as Record<string, unknown>)['drift'] as Record<string, unknown>[]).find(
    (d) => d['signal'] === signal,
  );

t.test('memory that grows is drift if a threshold says so; memory that does not is not', async (t) => {
  const leaking = soakFor(2, 2, fresh(0.5));
  t.match(driftIn(leaking, 'private_memory'), {
    unit: 'MiB/h',
    drift: true,
    threshold: 0.5,
    text: /^\+(1\.9|2\.0) MiB\/h \(/,
  });
  t.match(leaking.of('SUMMARY'), [
    { verdict: 'FAIL', exit_code: 21, reason: /max_memory_growth_mib_per_hour = 0.5, seen (1.9|2)/ },
  ]);
  const flat = soakFor(2, 0, fresh(0.5));
  t.match(flat.of('SUMMARY').length === 0 ? flat.run(600).of('SUMMARY') : flat.of('SUMMARY'), [{ verdict: 'PASS' }]);
  t.match(driftIn(flat, 'private_memory'), { drift: false, slope: Number });
  t.match(soakFor(2, 2, fresh()).run(600).of('SUMMARY'), [{ verdict: 'PASS' }], 'no limit is near, none was given');
});

t.test('a slope without a threshold is drift if the limit is met within the horizon', async (t) => {
  const opened = (at: number): Vitals => ({ descriptors: 30 + Math.floor(at / 60), descriptor_limit: 1024 });
  const soak = soakFor(2, 0, fresh(), opened);
  t.match(driftIn(soak, 'descriptors'), { drift: true, text: /^\+\d+\.\d \/h/, limit_in_h: Number });
  t.match(soak.of('SUMMARY'), [
    { verdict: 'FAIL', exit_code: 21, reason: /drift: descriptors .* its limit is met in 1\d\.\d h/ },
  ]);
  const wide = (at: number): Vitals => ({ ...opened(at), descriptor_limit: 1_000_000 });
  t.match(soakFor(2, 0, fresh(), wide).run(600).of('SUMMARY'), [{ verdict: 'PASS' }]);
});

t.test('a row is of the moment at which it was written, and counts once', async (t) => {
  // A machine that gets busier: rows are written later and later, each seen until the next one comes.
  const soak = fresh();
  for (let n = 0; n < 220; n++) {
    const descriptors = 30 + soak.at / 6;
    soak.set({ heartbeat: true, vitals: { descriptors, descriptor_limit: 1e9, unaccounted: 0 } }).run(5);
    soak.set({ heartbeat: false }).run(5 * (1 + Math.floor(n / 22)));
  }
  const { low, high } = driftIn(soak, 'descriptors') as { low: number; high: number };
  t.ok(low > 599 && high < 601, `${low} .. ${high} of 600 an hour`);
});

t.test('too short a soak says how much more it takes', async (t) => {
  const soak = new Soak({ duration_s: 1800, thresholds: { max_memory_growth_mib_per_hour: 0.5 } }, {}, { kept: 1000 });
  const found = driftIn(soakFor(0.5, 9, soak), 'heap');
  t.match(found, { drift: false, slope: null, text: /^not enough to tell: at least \d+ min more$/ });
});

t.test('what part of the market was seen is in the summary', async (t) => {
  const counts = (at: number): Vitals => ({
    duplicates: Math.floor(at / 600),
    trades_missing: at < 600 ? 0 : at < 3000 ? 40 : 10,
    gaps_open: 1,
    failovers: at > 3000 ? 2 : 0,
    connected_ms: at * 1000,
  });
  const summary = summaryOf(soakFor(2, 0, fresh(), counts)) as Record<string, unknown>;
  t.match(summary['completeness'], { coverage_percent: Number, trades_missing: 10, gaps_open: 1, failovers: 2 });
});

t.test('a threshold may end the soak, and is said when it is nearly missed', async (t) => {
  const options = { thresholds: { max_dropped: 10 }, abort_on: ['max_dropped'] as const };
  const soak = new Soak(options, {}, { drops: 0 }).run(60);
  soak.set({ drops: 9 }).run(60);
  t.equal(soak.last?.ending, null);
  soak.set({ drops: 11 }).run(60);
  t.match(soak.of('ABORT'), [{ cause: 'threshold', reason: 'threshold missed: max_dropped = 10, seen 11' }]);
  t.match(soak.of('SUMMARY'), [{ verdict: 'FAIL', exit_code: 21 }]);
  const near = new Soak({ thresholds: { max_dropped: 10 } }, {}, { drops: 0 }).run(60).set({ drops: 9 });
  t.match(near.run(7300).of('SUMMARY'), [{ thresholds: [{ name: 'max_dropped', seen: 9, ok: true, near: true }] }]);
});
