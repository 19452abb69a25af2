import { configSchema } from '@hybrid-soak/contract/config.ts';
import type { SoakThresholds } from '@hybrid-soak/contract/policy.ts';
import { TIME_CLASSES } from '@hybrid-soak/contract/time-classes.ts';
import { seconds } from '@hybrid-soak/supervisor/core/ending/summary.ts';
import fc from 'fast-check';
import t from 'tap';
import type { Conditions } from './conditions.ts';
import { Soak } from './soak.ts';

const DEFAULTS = configSchema.parse({}).soak.thresholds;
const ended = (soak: Soak) => soak.run(8000).last?.ending;
const HOG = { cpu: 80, share: 0.8 } as const;

t.test('a soak that ran its time: COMPLETE, RESTORED, SUMMARY, PASS', async (t) => {
  const soak = new Soak({ thresholds: DEFAULTS });
  t.match(ended(soak), { verdict: 'PASS', exit_code: 0 });
  t.same(soak.said().slice(-3), [
    'COMPLETE: the soak ran its time',
    'RESTORED: config and unit are as they were found',
    'SUMMARY: PASS: every threshold was kept, 100 % of the time could be judged',
  ]);
  t.match(soak.records.at(-1), { duration_s: 7200, ticks_per_second: 10, restarts: 0, stalls: 0 });
  t.equal(soak.of('COMPLETE')[0]?.at, 7200);
});

t.test('deadlines are times, not multiples of the interval', async (t) => {
  t.equal(new Soak({ duration_s: 183, interval_s: 5 }).until('COMPLETE').at, 183);
});

t.test('every second is in one class, and they sum to the duration', async (t) => {
  const soak = new Soak({ duration_s: 3600 }).run(60).set(HOG).run(100).set({ cpu: 0 }).run(400);
  soak.set({ rowsPerS: 0, heartbeat: false }).run(70).set({ rowsPerS: 10, heartbeat: true }).run(300);
  soak.skip(200).run(4000);
  const { classes_s, duration_s } = soak.records.at(-1) ?? {};
  t.same(Object.keys(classes_s ?? {}), [...TIME_CLASSES]);
  const sum = Object.values(classes_s ?? {}).reduce((all, s) => all + s, 0);
  t.ok(Math.abs(sum - 3600) < 1, `${sum}`);
  t.equal(duration_s, 3600);
  t.equal(classes_s?.unobserved, 200);
  t.ok((classes_s?.stalled ?? 0) > 10 && (classes_s?.over_engine ?? 0) > 10);
});

t.test('an ABORT file ends it at once, with its first line, whatever else is to be said', async (t) => {
  const soak = new Soak()
    .run(60)
    .set({ ...HOG, rowsPerS: 0, heartbeat: false })
    .run(40);
  soak.set({ abort: 'disk swap', signal: 'SIGINT' }).run(5);
  t.match(soak.of('ABORT'), [{ reason: 'ABORT file: disk swap', cause: 'operator', effect: 'restore' }]);
  t.match(ended(soak), { verdict: 'FAIL', exit_code: 20 });
});

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  t.test(`${signal} restores, is INCONCLUSIVE and exits ${code}, also during calibration`, async (t) => {
    const soak = new Soak({ was_running: false }, {}, { unit: { active_state: 'inactive' } }).run(4).set({ signal });
    soak.run(20);
    t.match(soak.of('STOP'), [{ at: 5, reason: signal }]);
    t.match(soak.of('SUMMARY'), [{ verdict: 'INCONCLUSIVE', exit_code: code, reason: /do: soak again, to its end$/ }]);
  });

t.test('an end waits for the effect under way, then restores', async (t) => {
  const soak = new Soak().run(60).set(HOG);
  soak.until('ENGINE_RESTART');
  soak.set({ effects: null, signal: 'SIGINT' }).run(30);
  t.match(soak.of('STOP'), [{ waits_for: 'set-rung' }]);
  t.equal(soak.effects.length, 1);
  soak.set({ effects: 'ok' }).run(10);
  t.same(
    soak.effects.map(({ kind }) => kind),
    ['set-rung', 'restore'],
  );
  t.equal(soak.last?.ending?.exit_code, 130);
});

t.test('what could not be restored after three attempts is a FAIL that names `soak restore`', async (t) => {
  const soak = new Soak({ duration_s: 120 });
  soak.run(110).set({ effects: 'fail' });
  t.match(ended(soak), { verdict: 'FAIL', reason: /not restored: timed out; `soak restore`/, exit_code: 20 });
  t.equal(soak.of('RESTORED').length, 3);
});

const vitals = (more = {}) => ({
  trades_missing: 0,
  unaccounted: 0,
  latency_us: { p50: 1, p99: 20_000, max: 1 },
  ...more,
});

t.test('trades that went by while every source was down are missing, and no matter of coverage', async (t) => {
  const about = { thresholds: { min_coverage_percent: 99 }, duration_s: 900 };
  const outage = (soak: Soak) =>
    soak.set({ connection: 'disconnected', kept: 0, rowsPerS: 0 }).run(30).set({ connection: 'connected' }).run(5);
  const away = outage(new Soak(about, {}, { kept: 10, vitals: vitals() }).run(60));
  away.set({ kept: 10, rowsPerS: 10, vitals: vitals({ trades_missing: 500 }) });
  t.match(ended(away), { verdict: 'PASS' });
  t.match(away.records.at(-1), { completeness: { coverage_percent: 100, trades_missing: 500 } });

  const later = outage(new Soak(about, {}, { kept: 10, vitals: vitals() }).run(60));
  later.set({ kept: 10, rowsPerS: 10, vitals: vitals({ trades_missing: 500 }) }).run(10);
  later.set({ vitals: vitals({ trades_missing: 1000 }) });
  t.match(
    ended(later),
    { verdict: 'FAIL', reason: /min_coverage_percent = 99, seen/ },
    'what is missing while connected',
  );

  const filled = outage(new Soak(about, {}, { kept: 10, vitals: vitals() }).run(60));
  filled
    .set({ kept: 10, rowsPerS: 10, vitals: vitals({ trades_missing: 500 }) })
    .run(10)
    .set({ vitals: vitals() });
  t.match(ended(filled), { verdict: 'PASS' });
  t.match(filled.records.at(-1), { completeness: { coverage_percent: 100, trades_missing: 0 } });
});

for (const { threshold, conditions, seen } of [
  { threshold: { max_stalls: 0 }, conditions: { rowsPerS: 0, heartbeat: false }, seen: /max_stalls = 0, seen 1/ },
  { threshold: { max_restarts: 0 }, conditions: { rowsPerS: 0, heartbeat: false }, seen: /max_restarts = 0, seen 1/ },
  { threshold: { min_ticks_per_second: 20 }, conditions: {}, seen: /min_ticks_per_second = 20, seen 10/ },
  { threshold: { max_dropped: 0 }, conditions: { drops: 7 }, seen: /max_dropped = 0, seen 7/ },
  {
    threshold: { max_missing_trades: 2, min_coverage_percent: 99 },
    conditions: { kept: 10, vitals: vitals({ trades_missing: 100 }) },
    seen: /max_missing_trades = 2, seen 100; min_coverage_percent = 99, seen/,
  },
  {
    threshold: { max_commit_latency_p99_ms: 10 },
    conditions: { vitals: vitals() },
    seen: /max_commit_latency_p99_ms = 10, seen 20/,
  },
] as { threshold: Partial<SoakThresholds>; conditions: Partial<Conditions>; seen: RegExp }[])
  t.test(`a threshold missed is a FAIL of its own: ${Object.keys(threshold)}`, async (t) => {
    const soak = new Soak({ thresholds: threshold, duration_s: 900 }, {}, { kept: 0, vitals: vitals() }).run(60);
    soak.set(conditions).run(50).set({ rowsPerS: 10, heartbeat: true });
    t.match(ended(soak), { verdict: 'FAIL', reason: seen, exit_code: 21 });
  });

t.test(
  'what a life had dropped before the first look is not the soak’s; a later life counts from its start',
  async (t) => {
    const soak = new Soak({ duration_s: 300 }, {}, { drops: 50 }).run(60);
    soak.set({ drops: 3, unit: { invocation_id: 'new', n_restarts: 1 } }).run(60);
    t.equal(soak.last?.state.totals.sum.dropped, 3);
  },
);

t.test('a threshold is judged by what was seen, however it is rounded to be shown', async (t) => {
  const slow = (min_ticks_per_second: number) =>
    new Soak({ thresholds: { min_ticks_per_second }, duration_s: 3600 }, {}, { rowsPerS: 0.14 });
  t.match(ended(slow(0.12)), { verdict: 'PASS' });
  t.match(ended(slow(0.16)), { reason: /min_ticks_per_second = 0.16, seen 0.1$/ });
  const over = new Soak({ thresholds: DEFAULTS, duration_s: 6000 }, { abort_after_s: 3600 }).run(60);
  over.set({ cpu: 60, share: 1, quota: 50 }).run(602).set({ cpu: 0 });
  t.match(ended(over), { reason: /max_over_limit_percent = 10, seen 10.0\d/ });
  const missing = vitals({ trades_missing: 105 });
  const lost = new Soak({ thresholds: DEFAULTS, duration_s: 1000 }, {}, { kept: 10, vitals: vitals() }).run(60);
  t.match(ended(lost.set({ vitals: missing })), { reason: /min_coverage_percent = 99, seen 98.9/ });
});

t.test('over the limit by the engine for over a tenth of the time is a threshold by default', async (t) => {
  const soak = new Soak({ thresholds: DEFAULTS, duration_s: 900 }, { abort_after_s: 3600 }).run(60).set(HOG).run(300);
  soak.set({ cpu: 0 });
  t.match(ended(soak), { verdict: 'FAIL', reason: /max_over_limit_percent = 10, seen/, exit_code: 21 });
});

t.test('so is what the quota explains', async (t) => {
  const soak = new Soak({ thresholds: DEFAULTS, duration_s: 900 })
    .run(60)
    .set({ cpu: 60, share: 1, quota: 50 })
    .run(300);
  soak.set({ cpu: 0 });
  t.match(ended(soak), { verdict: 'FAIL', reason: /max_over_limit_percent = 10, seen 33/, exit_code: 21 });
});

t.test('time above the rung that was found is a threshold if it is given', async (t) => {
  const soak = new Soak({ thresholds: { max_throttled_percent: 10 } }, { recover_hold_s: 3600 }).run(60).set(HOG);
  soak.until('ENGINE_RESTART');
  soak.set({ cpu: 0 });
  t.match(ended(soak), { reason: /max_throttled_percent = 10, seen [45]/, exit_code: 21 });
});

for (const [what, conditions, reason] of [
  ['not observed', { blind: ['memory'] }, /not observed 12.*; do: soak doctor/],
  ['disconnected', { connection: 'disconnected' }, /disconnected 12.*; do: look at the network/],
  ['over a limit with an unknown share', { cpu: 60, share: null }, /share unknown 12.*; do: turn on the cpu/],
] as [string, Partial<Conditions>, RegExp][])
  t.test(`over a tenth of the time ${what} is INCONCLUSIVE`, async (t) => {
    const soak = new Soak({ thresholds: DEFAULTS }).run(60).set(conditions).run(900);
    soak.set({ blind: [], connection: 'connected', cpu: 0, share: 0.5 });
    t.match(ended(soak), { verdict: 'INCONCLUSIVE', reason, exit_code: 22 });
  });

t.test('a supervisor that was stopped for half the time observed half of it', async (t) => {
  const soak = new Soak({ thresholds: DEFAULTS }).run(1800).skip(3600);
  t.match(ended(soak), { verdict: 'INCONCLUSIVE', reason: /not observed 50/ });
});

t.test("pressure that is others' decides nothing: a soak on a busy host gets a verdict", async (t) => {
  const soak = new Soak({ thresholds: DEFAULTS }).set({ cpu: 90, share: 0.05 });
  t.match(ended(soak), { verdict: 'PASS' });
  t.match(soak.records.at(-1), { ambient_s: 7200, others_pressure: { cpu: { p50: 86, p95: 86 } } });
});

t.test('no row ever seen is INCONCLUSIVE', async (t) => {
  t.match(ended(new Soak({ duration_s: 1 }, {}, { rowsPerS: 0 })), {
    ...{ verdict: 'INCONCLUSIVE', exit_code: 22, reason: 'no row was seen; do: soak doctor' },
  });
  const away = { rowsPerS: 0, kept: 0, connection: 'disconnected' } as const;
  const restarted = new Soak({ duration_s: 600 }, {}, away).run(300);
  restarted.set({ unit: { n_restarts: 1, invocation_id: 'next' } });
  for (const soak of [new Soak({ duration_s: 600 }, {}, away), restarted])
    t.match(ended(soak), {
      ...{ verdict: 'INCONCLUSIVE', exit_code: 22 },
      reason: /^no row was seen, every source was down 100 % of the time outside start-ups; do: look at the network/,
    });
});

t.test('seconds by class sum to the duration exactly, whatever they are', async () => {
  const ms = fc.dictionary(fc.string({ maxLength: 4 }), fc.nat({ max: 10_000_000 }), { maxKeys: 10 });
  fc.assert(
    fc.property(ms, (classes) => {
      const tenths = Object.values(seconds(classes)).reduce((sum, s) => sum + Math.round(s * 10), 0);
      const whole = Object.values(classes).reduce((sum, one) => sum + one, 0);
      const isNear = Object.entries(seconds(classes)).every(
        ([name, s]) => Math.abs(s * 1000 - (classes[name] ?? 0)) <= 100,
      );
      return tenths === Math.round(whole / 100) && isNear;
    }),
  );
});

t.test('whatever happens, every second is in one class, and a rung', async () => {
  const conditions: Partial<Conditions>[] = [
    { cpu: 95, share: 0.9 },
    { cpu: 0, share: null },
    { rowsPerS: 0 },
    { rowsPerS: 10, share: 0.5 },
    { connection: 'disconnected' },
    { connection: 'connected' },
    { blind: ['memory'] },
    { blind: [] },
  ];
  const condition = fc.constantFrom(...conditions);
  const spell = fc.record({ condition, forS: fc.integer({ min: 1, max: 400 }), skipS: fc.constantFrom(0, 0, 1, 40) });
  const about = { duration_s: 1800 };
  fc.assert(
    fc.property(fc.array(spell, { maxLength: 8 }), (spells) => {
      const soak = new Soak(about);
      for (const { condition: set, forS, skipS } of spells) soak.set(set).run(forS).skip(skipS);
      soak.run(2400);
      const [found] = soak.of('SUMMARY') as unknown as Record<string, Record<string, number> & number>[];
      const sum = (by: Record<string, number> = {}) =>
        Object.values(by).reduce((all, s) => all + Math.round(s * 10), 0);
      const whole = Math.round((found?.['duration_s'] ?? -1) * 10);
      return sum(found?.['classes_s']) === whole && sum(found?.['time_per_rung_s']) === whole;
    }),
    { numRuns: 25 },
  );
});

t.test('a rung that the engine does not sample by is a FAIL, for a minute or at the end', async (t) => {
  const long = new Soak().run(60).set({ samples: 7 }).run(100).set({ samples: null });
  t.match(ended(long), { verdict: 'FAIL', reason: /did not sample 1 in 1/, exit_code: 20 });
  const brief = new Soak().run(60).set({ samples: 7 }).run(30).set({ samples: null });
  t.match(ended(brief), { verdict: 'PASS' });
  const last = new Soak({ duration_s: 600 }).run(590).set({ samples: 7 });
  t.match(ended(last), { verdict: 'FAIL' });
});

t.test('a rung change that failed is a FAIL at the end, unless a later one is in force', async (t) => {
  const throttling = (then: 'fail' | 'ok') => {
    const soak = new Soak({ duration_s: 600 }).run(60).set({ ...HOG, effects: 'fail' });
    soak.until('ENGINE_RESTART_FAILED');
    return soak.set({ effects: then });
  };
  const never = throttling('fail').set({ cpu: 0 });
  t.match(ended(never), { verdict: 'FAIL', reason: /last rung change, to THROTTLE1, failed/, exit_code: 20 });
  const later = throttling('ok');
  later.until('ENGINE_RESTARTED');
  t.match(ended(later.set({ cpu: 0 })), { verdict: 'PASS' });
});

t.test('frames that are in no counter are a FAIL: an identity does not close', async (t) => {
  t.match(ended(new Soak({ duration_s: 60 }).set({ vitals: vitals({ unaccounted: 3 }) })), { exit_code: 20 });
});

t.test('nor does it close later, if a restart begins the count again', async (t) => {
  const soak = new Soak({ duration_s: 120 }).set({ vitals: vitals({ unaccounted: 3 }) }).run(30);
  soak.set({ vitals: vitals(), unit: { invocation_id: 'new', n_restarts: 1 } });
  t.match(ended(soak), { exit_code: 20, reason: '3 frames are in no counter of the engine' });
});

t.test('the row of a life that ended before the soak is not judged', async (t) => {
  const down = { active_state: 'inactive', invocation_id: 'before' };
  const old = vitals({ unaccounted: 3 });
  const soak = new Soak({ was_running: false, duration_s: 120 }, {}, { unit: down, vitals: old }).run(12);
  t.match(ended(soak.set({ unit: { invocation_id: 'new' }, vitals: vitals() })), { verdict: 'PASS' });
});

t.test('a database that an engine at its start has not made yet is not missing', async (t) => {
  const soak = new Soak({ was_running: false, duration_s: 200 }, {}, { unit: { active_state: 'inactive' } }).run(11);
  soak
    .set({ progress: 'ENOENT', heartbeat: null })
    .run(8)
    .set({ unit: {} })
    .run(10)
    .set({ progress: true, heartbeat: true });
  t.match(ended(soak), { verdict: 'PASS' });
});

t.test('psi_actions off needs no pressure to be conclusive', async (t) => {
  t.match(ended(new Soak({ psi_actions: 'off' }).set({ blind: ['cpu', 'memory', 'io'] })), { verdict: 'PASS' });
});

t.test('the numbers of the records count up by one', async (t) => {
  const soak = new Soak().run(100).set(HOG).run(100);
  t.same(
    soak.records.map(({ seq }) => seq),
    soak.records.map((_, i) => i + 1),
  );
});
