import { join } from 'node:path';
import { NoRun } from '@hybrid-soak/report/read-log.ts';
import { runsOf } from '@hybrid-soak/report/runs.ts';
import t from 'tap';

const line = (run_id: string, action: string, more = {}) =>
  `${JSON.stringify({ timestamp: '2026-01-01T00:00:00.000000Z', run_id, action, reason: '', ...more })}\n`;

t.test('each run of a log is a row; one without a SUMMARY is unfinished', async (t) => {
  const slope = { unit: 'MiB/h', slope: 0.3, low: -0.1, high: 0.7, points: 21, drift: false, threshold: null };
  const drift = [{ ...slope, signal: 'private_memory', limit_in_h: null, text: '+0.3 MiB/h (-0.1 .. 0.7)' }];
  const completeness = {
    ...{ coverage_percent: 99.9, connected_s: 1, connected_percent: 100, trades_missing: 0, gaps_open: 0 },
    ...{ duplicates: 0, dropped: 0, failovers: 0, reconnects: 0 },
  };
  const summary = { verdict: 'PASS', duration_s: 7200, restarts: 2, drift, completeness };
  const log = [
    line('a', 'STARTUP'),
    line('a', 'SUMMARY', summary),
    'garbage\n',
    line('b', 'STARTUP'),
    line('b', 'ENGINE_RESTART'),
    line('b', 'ENGINE_RESTART'),
  ];
  const path = join(t.testdir({ 'd.jsonl': log.join('') }), 'd.jsonl');
  const seen = { memory_slope: '+0.3 MiB/h (-0.1 .. 0.7)', coverage_percent: 99.9 };
  const began = '2026-01-01T00:00:00.000000Z';
  t.same(runsOf(path), [
    { run_id: 'a', began, duration_s: 7200, verdict: 'PASS', restarts: 2, ...seen },
    { run_id: 'b', began, duration_s: null, verdict: null, restarts: 2, memory_slope: null, coverage_percent: null },
  ]);
  t.throws(() => runsOf(join(path, '..', 'none')), NoRun);
});

t.test('a run of the earlier tool, which wrote no SUMMARY, has the verdict of its last word', async (t) => {
  const own = { policy: 'adaptive' };
  const log = [
    line('a', 'ENGINE_START'),
    line('a', 'ABORT', { timestamp: '2026-01-01T00:00:35.000000Z' }),
    line('b', 'STARTUP', own),
    line('b', 'COMPLETE', own),
  ];
  const path = join(t.testdir({ 'd.jsonl': log.join('') }), 'd.jsonl');
  t.match(runsOf(path), [
    { verdict: 'FAIL', duration_s: 35 },
    { verdict: null, duration_s: null },
  ]);
});
