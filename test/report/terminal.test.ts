import { block, type View } from '@hybrid-soak/report/terminal/block.ts';
import { lineOf, unpainted, widthOf } from '@hybrid-soak/report/terminal/line.ts';
import { bar, sparkline } from '@hybrid-soak/report/terminal/sparkline.ts';
import t from 'tap';

const pressure = (now: number | null, part: number | null, limit: number) => ({
  ...{ now, part, limit, baseline: 12 },
  last: Array.from({ length: 60 }, () => now),
});
const VIEW: View = {
  rung: 'THROTTLE2',
  sample_every: 10,
  doing: 'settling after a rung change',
  elapsed_s: 3723.4,
  duration_s: 7200,
  pressure: { cpu: pressure(66.4, 31.2, 20), memory: pressure(null, null, 10), io: pressure(3.04, 0, 15) },
  ticks_per_second: 1234.5,
  expected_per_second: 1300,
  ticks: 1_234_567_890,
  since_progress_s: 44.4,
  stall_threshold_s: 45,
  restarts: 14,
  stalls: 1,
  engine_exits: 0,
  budget_used: 12,
  restart_budget: 12,
  engine_memory_mib: 1024,
  engine_cpu_time: 199.9,
  last: { action: 'HOLD', ago_s: 61, means: '広い\n\x1b[2J that steers '.repeat(20) },
};

for (const columns of [20, 40, 60, 80, 120, 200])
  t.test(`no line of the block is longer than ${columns} columns`, async (t) => {
    const lines = block(VIEW, columns);
    t.ok(lines.length >= 9 && lines.length <= 11, `${lines.length} lines`);
    for (const line of lines) t.ok(widthOf(line) <= columns, `${widthOf(line)}: ${line}`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what must not be there
    t.notMatch(lines.join(''), /[\x00-\x1f]/);
  });

t.test('40 columns keep every number with its limit', async (t) => {
  const calm = { ...VIEW, restarts: 2, last: { action: 'HOLD', ago_s: 61, means: 'it is the pressure of others' } };
  t.same(block(calm, 39).slice(2), [
    'PSI cpu     66.4 %, part  31 (limit 20)',
    'PSI memory     ? %, part   ? (limit 10)',
    'PSI io       3.0 %, part   0 (limit 15)',
    'rows       1234.5/s, last 44 of 45 s',
    'engine      1024 MiB, CPU time 199.9 %',
    'so far 1 stall, 0 exits, 2 restarts',
    'last       HOLD 1:01 ago: it is the',
    '           pressure of others',
  ]);
});

t.test('60 columns show every number', async (t) => {
  const text = block(VIEW, 60).slice(0, 8).join('\n');
  for (const shown of [
    'THROTTLE2',
    'sample_every 10',
    '1:02:03 of 2:00:00, 57:57 left',
    '44 s ago (stall 45)',
    '1 stall, 0 exits, 14 restarts (12 of 12/h)',
  ])
    t.ok(text.includes(shown), `${shown} in\n${text}`);
  t.match(
    text,
    /PSI cpu +66\.4 % stalled, engine's part +31 \(limit 20\) {2}[▁-█]+\nPSI memory +\? % .*\? \(limit 10\)/,
  );
  t.match(text, /PSI io +3\.0 % stalled, engine's part +0 \(limit 15\)/);
  t.match(text, /1024 MiB, CPU time 199\.9 %/);
  t.notMatch(text, /…/);
});

t.test('80 columns show the rate beside the expected one', async (t) => {
  t.match(block(VIEW, 79).join('\n'), '1234.5/s of 1300.0 expected, 1,234,567,890, last 44 s ago (stall 45)');
});

t.test('what is over its limit is red, and paint adds nothing to the width', async (t) => {
  const painted = block(VIEW, 80, (format, text) => (format === 'red' ? `<${text}>` : text));
  t.match(painted[2], /< 31>.*<[▁-█]+>/);
  t.notMatch(painted[4], /</);
  t.same(
    painted.map((line) => line.replaceAll(/[<>]/g, '')),
    block(VIEW, 80),
  );
});

t.test('a sparkline keeps the newest at its end and the highest of each cell; the unknown has its place', async (t) => {
  t.equal(sparkline([0, 5, 10], 10, 10), '▁▅█');
  t.equal(sparkline([9, 0, 0, 0, 0, 7], 3, 8), '█▁▇'.replace('▇', '█'));
  t.equal(sparkline([null, 0, null], 3, 8), '·▁·');
  t.equal(sparkline([1, 2, 3], 0, 8), '');
});

t.test('a bar is filled in eighths and never beyond its cells', async (t) => {
  t.equal(bar(0, 4), '    ');
  t.equal(bar(0.5, 3), '█▌ ');
  t.equal(bar(7, 2), '██');
});

t.test('a line that does not fit ends in an ellipsis; a wide character is never halved', async (t) => {
  t.equal(lineOf(['ab', ['dim', 'cdef']], 6, unpainted), 'abcdef');
  t.equal(lineOf(['ab', ['dim', 'cdef']], 5, unpainted), 'abcd…');
  t.equal(lineOf(['a', '広い'], 4, unpainted), 'a広…');
  t.equal(lineOf(['a', '広い'], 3, unpainted), 'a…');
});

t.test('the time never passes the duration, and says before the start that it has not begun', async (t) => {
  t.match(block({ ...VIEW, elapsed_s: 48, duration_s: 45 }, 80)[1], / 0:45 of 0:45, 0:00 left/);
  t.match(block({ ...VIEW, elapsed_s: null, duration_s: 45 }, 80)[1], /^0:00 of 0:45, the time begins/);
});

t.test('what comes close to its limit is yellow; a wide terminal shows the baseline too', async (t) => {
  const near = { ...VIEW, pressure: { ...VIEW.pressure, cpu: pressure(40, 17, 20) } };
  t.match(block(near, 80, (format, text) => (format === 'yellow' ? `<${text}>` : text))[2], /< 17> \(limit 20\)/);
  t.match(block(near, 100)[2], /\(limit 20\), 12 without it {2}[▁-█]/);
});
