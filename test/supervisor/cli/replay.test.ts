import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { outlineOf } from '@hybrid-soak/supervisor/core/ending/outline.ts';
import { openRecording } from '@hybrid-soak/supervisor/replay/recording.ts';
import t, { type Test } from 'tap';
import { eventually } from '../../eventually.ts';
import { alive, CONFIG, decided, decisions, soak } from './soak.ts';

// Each waits for a soak most of its time.
t.jobs = 3;

const EARLIER = fileURLToPath(new URL('../../fixtures/recordings/earlier-ambient-55.jsonl', import.meta.url));
const ops = (cwd: string, name: string) => join(cwd, 'data/ops', name);

/** What `soak replay --json` prints of a decision log, without a process. */
function judged(path: string, policy: 'classic' | 'adaptive') {
  const replayed = openRecording(path).replay({ policy, parameters: {} });
  const { decisions } = replayed;
  return JSON.parse(JSON.stringify({ decisions, summary: outlineOf(replayed, false) }));
}

/** Climbs for any pressure there is. */
const EAGER = `${CONFIG}[soak.policy]\ncpu_limit = 0\nsustain_s = 1\n`;

/** A real soak over the real engine, until it is killed, and its exit or a restart for pressure has been seen. */
async function recorded(t: Test, cwd: string, ...args: string[]): Promise<void> {
  const { child, ended } = soak(cwd, 'run', '--manager', 'embedded', '--interval', '0.2s', '-d', '1h', ...args);
  t.teardown(() => child.kill('SIGTERM'));
  const { unit_pid } = await decided(cwd, 'ENGINE_RESTARTED');
  await eventually(() => /"new_rows":[1-9]/.test(readFileSync(ops(cwd, 'soak_samples.jsonl'), 'utf8')));
  if (alive(Number(unit_pid))) process.kill(Number(unit_pid), 'SIGKILL');
  await eventually(() => decisions(cwd).some(({ action }) => action === 'ENGINE_RESTART' || action === 'ENGINE_EXIT'));
  child.kill('SIGINT');
  await ended;
}

for (const [policy, ...args] of [
  ['adaptive', '--calibrate', '2s'],
  ['classic', '--psi-actions', 'logonly'],
  ['adaptive', '--psi-actions', 'off'],
] as const)
  t.test(
    `replaying a real run's samples gives its own decisions, byte for byte: ${policy} ${args.join(' ')}`,
    async (t) => {
      const cwd = t.testdir({ config: { 'config.toml': EAGER }, data: { ops: {} } });
      await recorded(t, cwd, '--policy', policy, ...args);
      const replayed = await soak(cwd, 'replay', 'data/ops/soak_samples.jsonl', '--json').ended;
      t.equal(replayed.code, 0, replayed.stderr);
      const answer = JSON.parse(replayed.stdout);
      t.equal(answer.policy, policy);
      const lines = answer.decisions.map((record: unknown) => JSON.stringify(record));
      t.same(lines, readFileSync(ops(cwd, 'soak_decisions.jsonl'), 'utf8').trimEnd().split('\n'));
      t.match(answer.summary, { verdict: 'INCONCLUSIVE', aborted: false });
      t.match(await soak(cwd, 'compare', 'data/ops/soak_samples.jsonl', 'data/ops/soak_samples.jsonl').ended, {
        code: 0,
        stdout: /because +SIG[\s\S]*restarts +(\d) +\1\n/,
      });
    },
  );

/** What a log says was done, by the record at which it was. */
const actsOf = (records: { timestamp: string; action: string; state: string }[]) =>
  records
    .filter(({ action }) => action === 'ENGINE_RESTART' || action === 'THROTTLE_MAX' || action === 'ABORT')
    .map(({ timestamp, action, state }) => `${timestamp.slice(0, 19)} ${state} ${action}`);
const recordsIn = (text: string) =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));

t.test('an earlier log of a host at 55: classic gives the same rungs and ABORT at the same records', async (t) => {
  const classic = await soak(t.testdir(), 'replay', EARLIER, '--policy', 'classic', '--json').ended;
  const { decisions: then, summary } = JSON.parse(classic.stdout);
  t.match(summary, { restarts: 3, aborted: true, verdict: 'FAIL' });
  t.same(actsOf(then), actsOf(recordsIn(readFileSync(EARLIER, 'utf8'))));

  const adaptive = await soak(t.testdir(), 'replay', EARLIER, '--policy', 'adaptive', '--json').ended;
  // Where the recorded soak was aborted the recording ends, and what this policy would have made of the rest is not known.
  t.match(JSON.parse(adaptive.stdout), {
    policy: 'adaptive',
    summary: { restarts: 0, aborted: false, ticks: null, verdict: 'INCONCLUSIVE', reason: /^unfinished/ },
  });
});

t.test('a silence in an earlier log was calm, and began its count again', async (t) => {
  const cwd = t.testdir();
  const [start, up1, up2, up3, max] = readFileSync(EARLIER, 'utf8').trimEnd().split('\n') as string[];
  const at = (line: string | undefined, second: number) =>
    String(line).replace(/14:20:\d\d/, `14:${20 + Math.floor(second / 60)}:${String(second % 60).padStart(2, '0')}`);
  const after = (second: number, count: number) =>
    Array.from({ length: count }, (_, i) => at(max, second + 5 * i)).concat(
      count === 6
        ? [
            at(max, second + 25)
              .replace('THROTTLE_MAX', 'ABORT')
              .replace('.104237', '.104400'),
          ]
        : [],
    );
  const lines = [
    at(start, 10),
    at(up1, 15),
    at(up2, 22),
    at(up3, 29),
    ...after(36, 2),
    ...after(80, 4),
    ...after(130, 6),
  ];
  writeFileSync(join(cwd, 'calm.jsonl'), `${lines.join('\n')}\n`);
  t.same(actsOf(judged(join(cwd, 'calm.jsonl'), 'classic').decisions), actsOf(lines.map((line) => JSON.parse(line))));
});

t.test('a recording that ends before its soak does is INCONCLUSIVE, and its last look is judged once', async (t) => {
  const cwd = t.testdir();
  const lines = readFileSync(EARLIER, 'utf8').trimEnd().split('\n');
  writeFileSync(join(cwd, 'two.jsonl'), `${lines.slice(0, 2).join('\n')}\n`);
  writeFileSync(join(cwd, 'cut.jsonl'), lines.slice(0, 4).join('\n').slice(0, -40));
  for (const [name, restarts] of [
    ['two.jsonl', 1],
    ['cut.jsonl', 2],
  ] as const) {
    const { decisions, summary } = judged(join(cwd, name), 'classic');
    t.match(summary, { verdict: 'INCONCLUSIVE', aborted: false, reason: /unfinished/ }, name);
    t.equal(decisions.filter((r: { action: string }) => r.action === 'ENGINE_RESTART').length, restarts, name);
  }
});

t.test('of a run of more than ten thousand decisions the first and the last are shown', async (t) => {
  const [first] = recordsIn(readFileSync(EARLIER, 'utf8'));
  const line = (i: number) => {
    const timestamp = new Date(Date.UTC(2026, 0, 1) + 5000 * i).toISOString().replace('Z', '000Z');
    return `${JSON.stringify({ ...first, timestamp, seq: i + 1, action: i === 0 ? 'STARTUP' : 'HOLD', cpu_some_avg10: 5 })}\n`;
  };
  const shownOf = (count: number) => {
    const path = join(t.testdir(), 'long.jsonl');
    writeFileSync(path, `${Array.from({ length: count }, (_, i) => line(i)).join('')}{"timestamp": "2026-`);
    const recording = openRecording(path);
    return { seqs: recording.recorded().map(({ seq }) => Number(seq)), notes: recording.notes.join('\n') };
  };
  const whole = shownOf(10_000);
  t.same(
    whole.seqs,
    Array.from({ length: 10_000 }, (_, i) => i + 1),
  );
  t.notMatch(whole.notes, /not shown/);
  const long = shownOf(10_250);
  t.same([long.seqs.length, long.seqs[4999], long.seqs[5000], long.seqs.at(-1)], [10_000, 5000, 5251, 10_250]);
  t.match(long.notes, /250 recorded decisions in the middle of the run are not shown/);
});

t.test('compare shows classic beside adaptive on one recording', async (t) => {
  const { stdout } = await soak(t.testdir(), 'compare', EARLIER, '--policy').ended;
  t.match(stdout, /policy +classic +adaptive\n/);
  t.match(stdout, /aborted +yes +no\n/);
  const both = JSON.parse((await soak(t.testdir(), 'compare', EARLIER, '--json').ended).stdout);
  t.match(both, { a: { policy: 'earlier tool', aborted: true }, b: { policy: 'adaptive', aborted: false } });
});

t.test('for people: what was recorded beside what would have been, then both in numbers', async (t) => {
  const { stdout, stderr, code } = await soak(t.testdir(), 'replay', EARLIER).ended;
  t.equal(code, 0);
  t.match(stdout, /^time +recorded +replayed\n/);
  t.match(stdout, /14:20:45 {2}THROTTLE3 ABORT: psi over limit/);
  t.match(stdout, /aborted +yes +no\n/);
  t.match(stderr, /the engine's share is unknown/);
});

t.test('--set changes a key of the policy', async (t) => {
  const higher = ['--set', 'cpu_limit=60', '--json'];
  const { stdout } = await soak(t.testdir(), 'replay', EARLIER, ...higher).ended;
  t.same(
    JSON.parse(stdout).decisions.map(({ action }: { action: string }) => action),
    ['STARTUP'],
  );
  const gone = await soak(t.testdir(), 'replay', EARLIER, '--set', 'cpu_margin=0').ended;
  t.match(gone, { code: 2, stderr: /cpu_margin=0: is gone: the limits apply to the engine's part.*valid: cpu_limit/ });
});

t.test('one run under two policies', async (t) => {
  const both = ['--policy-a', 'classic', '--policy-b', 'adaptive', '--json'];
  const { stdout } = await soak(t.testdir(), 'compare', EARLIER, EARLIER, ...both).ended;
  t.match(JSON.parse(stdout), { a: { policy: 'classic', aborted: true }, b: { policy: 'adaptive', restarts: 0 } });
});

t.test('torn, foreign and CRLF lines are passed over, and counted', async (t) => {
  const cwd = t.testdir();
  const lines = readFileSync(EARLIER, 'utf8').trimEnd().split('\n');
  const damaged = [
    '\u0000\u0000',
    lines[0],
    'not JSON',
    '{"a":1}',
    '[]',
    'null',
    '',
    ...lines.slice(1),
    '{"timestamp":"2025-',
  ];
  writeFileSync(join(cwd, 'damaged.jsonl'), damaged.join('\r\n'));
  const whole = await soak(cwd, 'replay', EARLIER, '--policy', 'classic', '--json').ended;
  const survived = await soak(cwd, 'replay', 'damaged.jsonl', '--policy', 'classic', '--json').ended;
  t.equal(survived.stdout, whole.stdout);
  t.match(survived.stderr, /lines skipped that are not JSON: 3/);
});

t.test('avg10 numbers stand in where a log has no raw lines', async (t) => {
  const cwd = t.testdir();
  const text = readFileSync(EARLIER, 'utf8').replaceAll(/"[a-z]+_(some|full)_raw": "[^"]*", /g, '');
  writeFileSync(join(cwd, 'numbers.jsonl'), text);
  t.match(judged(join(cwd, 'numbers.jsonl'), 'adaptive').decisions[1], { hold: 'unknown', pressure: { cpu: /^55/ } });
});

t.test('stamps, numbers and orders as other programs write them give the same run', async (t) => {
  const cwd = t.testdir();
  const whole = judged(EARLIER, 'classic');
  const records = readFileSync(EARLIER, 'utf8')
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  const each = (change: (record: Record<string, unknown>) => Record<string, unknown>) => records.map(change);
  const stamped = (change: (stamp: string) => string) =>
    each((record) => ({ ...record, timestamp: change(String(record['timestamp'])) }));
  const asText = each((record) =>
    Object.fromEntries(
      Object.entries(record)
        .filter(([key]) => !key.endsWith('_raw'))
        .map(([key, value]) => [key, key.endsWith('_avg10') ? String(value) : value]),
    ),
  );
  for (const [name, variant] of Object.entries({
    offset: stamped((stamp) => stamp.replace('Z', '+00:00')),
    zoneless: stamped((stamp) => stamp.replace('Z', '').replace('T', ' ')),
    comma: stamped((stamp) => stamp.replace(/\.(\d{3})\d*Z/, ',$1').replace('T', ' ')),
    seconds: stamped((stamp) => stamp.replace(/\.\d+Z/, 'Z')),
    elsewhere: stamped((stamp) => new Date(Date.parse(stamp) + 7_200_000).toISOString().replace('Z', '+02:00')),
    'numbers as text, no raw lines': asText,
    'out of order': records.toReversed(),
    'no full lines': each((r) => Object.fromEntries(Object.entries(r).filter(([key]) => !key.includes('_full_')))),
    'actions of another tool': each((record) => ({
      ...record,
      action: record['action'] === 'ENGINE_START' ? 'ENGINE_START' : 'SOMETHING',
      psi_actions: 'ON',
    })),
  })) {
    writeFileSync(join(cwd, 'variant.jsonl'), variant.map((record) => JSON.stringify(record)).join('\n'));
    const { decisions: now, summary } = judged(join(cwd, 'variant.jsonl'), 'classic');
    t.match(summary, { restarts: 3, aborted: true, time_per_rung_s: whole.summary.time_per_rung_s }, name);
    t.equal(now.length, whole.decisions.length, name);
  }
});

t.test('a read that failed, written as -1, is not calm: the resource is unavailable', async (t) => {
  const cwd = t.testdir();
  const text = readFileSync(EARLIER, 'utf8')
    .replaceAll(/"memory_(some|full)_raw": "[^"]*"/g, '"memory_$1_raw": ""')
    .replaceAll(/"memory_(some|full)_avg10": [\d.]+/g, '"memory_$1_avg10": -1');
  writeFileSync(join(cwd, 'failed.jsonl'), text);
  const { decisions: now, summary } = judged(join(cwd, 'failed.jsonl'), 'adaptive');
  t.match(
    now.filter(({ action }: { action: string }) => action === 'PSI_UNAVAILABLE'),
    [{ resource: 'memory' }],
  );
  t.match(summary, { verdict: 'INCONCLUSIVE', pressure: { memory: null } });
});

t.test('a log of several runs: the last, or the one whose id begins so; two of them next to each other', async (t) => {
  const cwd = t.testdir();
  const first = readFileSync(EARLIER, 'utf8');
  const second = first
    .replaceAll('5f0e7a52', 'a17c0000')
    .replaceAll('2025-11-03', '2025-11-04')
    .split('\n')
    .slice(0, 3);
  writeFileSync(join(cwd, 'runs.jsonl'), `${first}${second.join('\n')}\n`);
  const replayed = async (...args: string[]) => soak(cwd, 'replay', 'runs.jsonl', '--json', ...args).ended;
  const last = await replayed();
  t.match(JSON.parse(last.stdout).decisions[0].run_id, /^a17c/);
  t.match(last.stderr, /the last run in it: a17c/);
  t.match(JSON.parse((await replayed('--run', '5f0e')).stdout).decisions[0].run_id, /^5f0e/);
  t.match(await replayed('--run', 'ffff'), { code: 12, stdout: '', stderr: /no run ffff in it; valid: 5f0e.*, a17c/ });
  const two = ['compare', 'runs.jsonl', 'runs.jsonl', '--run-a', '5f0e', '--run-b', 'a17c', '--json'];
  t.match(JSON.parse((await soak(cwd, ...two).ended).stdout), {
    a: { restarts: 3 },
    b: { restarts: 2, aborted: false },
  });
});

t.test('what is not a recording is one clear line', async (t) => {
  const cwd = t.testdir({
    empty: '',
    text: 'hello\n',
    folder: {},
    blind: '{"timestamp":"2026-01-01T00:00:00Z","action":"STOP"}\n',
  });
  const one = async (args: string[], code: number, line: RegExp) => {
    const ended = await soak(cwd, ...args).ended;
    t.match(ended, { code, stderr: line, stdout: '' });
    t.equal(ended.stderr.trimEnd().split('\n').length, 1, ended.stderr);
  };
  await one(['replay', 'missing'], 12, /missing: no such file/);
  await one(['replay', 'empty'], 12, /empty: no observation in it/);
  await one(['replay', 'text'], 12, /text: no observation in it/);
  await one(['replay', 'folder'], 12, /folder: cannot be read \(EISDIR\)/);
  await one(['replay', 'blind'], 12, /blind: no record with PSI fields/);
  await one(['replay', EARLIER, '--set', 'cpu_limt=3'], 2, /unknown key; valid: did you mean cpu_limit/);
  await one(['replay', EARLIER, '--set', 'cpu_limit'], 2, /key=value/);
  await one(['compare', EARLIER, 'missing'], 12, /missing: no such file/);
});
