import { type Summary, summarySchema } from '@hybrid-soak/contract/summary.ts';
import { junit } from '@hybrid-soak/supervisor/text/junit.ts';
import { summaryText } from '@hybrid-soak/supervisor/text/summary.ts';
import t from 'tap';

const none = { cpu: null, memory: null, io: null };
const rungs = { NORMAL: 60, THROTTLE1: 0, THROTTLE2: 0, THROTTLE3: 0 };
const classes = 'unobserved stopped starting stalled disconnected over_engine over_quota over_unknown throttled fine';
const SUMMARY: Summary = summarySchema.parse({
  ...{ v: 2, run_id: 'r', ended: '2026-01-01T00:00:00.000000Z', ingest_mode: 'synthetic', psi_actions: 'on' },
  ...{ policy: 'adaptive', verdict: 'FAIL', reason: 'a "b" <c> & \u0001d', exit_code: 21, duration_s: 60 },
  thresholds: [
    { name: 'max_stalls', limit: 0, seen: 1, ok: false, near: false },
    { name: 'max_dropped', limit: 10, seen: 9, ok: true, near: true },
  ],
  ...{ time_per_rung_s: rungs, restarts: 0, stalls: 1, engine_exits: 0, ticks: 1, ticks_per_second: 0 },
  ...{ baseline: null, pressure: none, calibrated_s: 0, ambient_s: 0, others_pressure: none },
  ...{ classes_s: Object.fromEntries(classes.split(' ').map((name) => [name, 0])), effect_usec_per_frame: {} },
  drift: [
    {
      ...{ signal: 'private_memory', unit: 'MiB/h', slope: 3, low: 2, high: 4, points: 9, drift: true },
      ...{ threshold: 0.5, limit_in_h: 10, text: '+3.0 MiB/h (2.0 .. 4.0)' },
    },
  ],
  completeness: {
    ...{ coverage_percent: 99.5, connected_s: 59, connected_percent: 98, trades_missing: 2, gaps_open: 1 },
    ...{ duplicates: 3, dropped: 9, failovers: 1, reconnects: 4 },
    sources: [{ name: 'main', connected_s: 59, connected_percent: 98, reconnects: 4, failovers: 1 }],
    gaps: [{ source: 'main', market: 'somewhere BTCUSDT', gaps_open: 1, trades_missing: 2 }],
  },
  files: { decisions: 'd', samples: 's', database: 'b' },
});

t.test('a soak is a suite: the verdict, each threshold and each slope is a test', async (t) => {
  const xml = junit(SUMMARY);
  t.match(xml, /<testsuites tests="4" failures="3"/);
  t.match(xml, '<failure message="FAIL: a &quot;b&quot; &lt;c&gt; &amp; \\u0001d">');
  t.match(xml, 'name="max_dropped" time="0"><system-out>max_dropped = 10, seen 9</system-out>');
  t.match(xml, '<failure message="+3.0 MiB/h (2.0 .. 4.0)">');
  t.equal(xml.match(/<testcase /g)?.length, xml.match(/<\/testcase>/g)?.length);
});

t.test('the end of a soak shows near misses, what part of the market was seen, and each slope', async (t) => {
  const text = summaryText(SUMMARY, { summary: 's', report: 'r' });
  t.match(text, /\n {2}source +main 59s connected, 98 % of the soak, 4 reconnects, 1 failovers to it\n/);
  t.match(text, /\n {2}missing +2 trades of somewhere BTCUSDT from main, 1 gaps open\n/);
  const painted = summaryText(SUMMARY, { summary: 's', report: 'r' }, (format, line) => `<${format}>${line}`);
  t.match(painted, /\n<yellow> {2}! .* \(near\)\n/);
  const narrow = summaryText(SUMMARY, { summary: 's', report: 'r' }, undefined, 40).split('\n');
  t.same(
    narrow.filter((line) => line.length > 40),
    [],
  );
  t.match(text, '✗ max_stalls = 0, seen 1\n');
  t.match(text, '! max_dropped = 10, seen 9 (near)\n');
  t.match(text, '99.5 % of the time connected (98 % of the soak), 2 trades missing, 1 gaps open');
  t.match(text, '3 duplicates refused, 9 dropped, 1 failovers, 4 reconnects');
  t.match(text, '✗ slope    private memory +3.0 MiB/h (2.0 .. 4.0), its limit in 10h');
});
