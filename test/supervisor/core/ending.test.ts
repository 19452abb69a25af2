import t from 'tap';
import { Soak } from './soak.ts';

const ended = (soak: Soak) => soak.run(8000).last?.ending;

t.test('a soak that ran its time: COMPLETE, RESTORED, SUMMARY, PASS', async (t) => {
  const soak = new Soak();
  t.match(ended(soak), { verdict: 'PASS', exit_code: 0 });
  t.same(soak.said().slice(-3), [
    'COMPLETE: the soak ran its time',
    'RESTORED: config and unit are as they were found',
    'SUMMARY: PASS: the soak ran its time',
  ]);
  t.match(soak.records.at(-1), { duration_s: 7170, ticks: 72_050, ticks_per_second: 10, restarts: 0, stalls: 0 });
});

t.test('an ABORT file ends it at once, with its first line, whatever else is to be said', async (t) => {
  const soak = new Soak().run(60).set({ cpu: 90, engineCpu: 300, rowsPerS: 0, heartbeat: false }).run(40);
  soak.set({ abort: 'disk swap', signal: 'SIGINT' }).run(5);
  t.match(soak.records.at(-1), { action: 'ABORT', reason: 'ABORT file: disk swap', effect: 'restore' });
  t.match(ended(soak), { verdict: 'FAIL', exit_code: 20 });
});

for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)
  t.test(`${signal} restores and exits ${code}, also while the host is measured`, async (t) => {
    const soak = new Soak().run(10).set({ signal }).run(20);
    t.match(soak.of('STOP'), [{ at: 15, reason: signal }]);
    t.match(soak.last?.ending, { verdict: 'INTERRUPTED', exit_code: code });
  });

t.test('an end waits for the effect under way, then restores', async (t) => {
  const soak = new Soak().run(60).set({ cpu: 90, engineCpu: 300 });
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

for (const { threshold, conditions, seen } of [
  { threshold: { max_stalls: 0 }, conditions: { rowsPerS: 0, heartbeat: false }, seen: /max_stalls = 0, seen 1/ },
  { threshold: { max_restarts: 0 }, conditions: { rowsPerS: 0, heartbeat: false }, seen: /max_restarts = 0, seen 1/ },
  { threshold: { min_ticks_per_second: 20 }, conditions: {}, seen: /min_ticks_per_second = 20, seen 10/ },
])
  t.test(`a threshold missed is a FAIL of its own: ${Object.keys(threshold)[0]}`, async (t) => {
    const soak = new Soak({ thresholds: threshold }).run(60).set(conditions).run(50);
    soak.set({ rowsPerS: 10, heartbeat: true });
    t.match(ended(soak), { verdict: 'FAIL', reason: seen, exit_code: 21 });
  });

t.test('the share of time throttled is a threshold too', async (t) => {
  const soak = new Soak({ thresholds: { max_throttled_percent: 10 } }).run(60).set({ cpu: 60, engineCpu: 300 });
  soak.until('ENGINE_RESTART');
  soak.set({ cpu: 18, engineCpu: 100 });
  t.match(ended(soak), { reason: /max_throttled_percent = 10, seen 99/, exit_code: 21 });
});

t.test('telemetry missing for more than a tenth of the run is INCONCLUSIVE', async (t) => {
  const soak = new Soak()
    .run(60)
    .set({ blind: ['memory'] })
    .run(900)
    .set({ blind: [] });
  t.match(ended(soak), { verdict: 'INCONCLUSIVE', reason: /telemetry missing for 12/, exit_code: 22 });
});

t.test('a database that an engine at its start has not made yet is not missing telemetry', async (t) => {
  const soak = new Soak({ duration_s: 60 }, {}, { progress: false }).run(20).set({ progress: true });
  t.match(ended(soak), { verdict: 'PASS' });
  t.match(ended(new Soak({ duration_s: 60 }, {}, { progress: false })), { verdict: 'INCONCLUSIVE' });
});

t.test('psi_actions off needs no pressure to be conclusive', async (t) => {
  t.match(ended(new Soak({ psi_actions: 'off' }).set({ blind: ['cpu', 'memory', 'io'] })), { verdict: 'PASS' });
});

t.test('a host that others saturate for more than a tenth of the run is INCONCLUSIVE', async (t) => {
  const soak = new Soak().run(60).set({ cpu: 90, share: 0.01 }).run(900).set({ cpu: 0 });
  t.match(ended(soak), { verdict: 'INCONCLUSIVE', reason: /saturated by others for 12/, exit_code: 22 });
});

t.test('the numbers of the records count up by one', async (t) => {
  const soak = new Soak().run(100).set({ cpu: 90 }).run(100);
  t.same(
    soak.records.map(({ seq }) => seq),
    soak.records.map((_, i) => i + 1),
  );
});
