import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import t from 'tap';
import { eventually } from '../../eventually.ts';
import { soak } from './soak.ts';

const record = (n: number, more: Record<string, unknown> = {}) =>
  `${JSON.stringify({
    timestamp: `2026-01-02T03:04:${String(n % 60).padStart(2, '0')}.000000Z`,
    run_id: '11111111-2222',
    seq: n,
    ingest_mode: 'synthetic',
    psi_actions: 'on',
    policy: 'adaptive',
    state: 'THROTTLE1',
    current_sample_every: 5,
    action: 'HOLD',
    reason: `reason ${n}`,
    ...more,
  })}\n`;
const file = (cwd: string) => join(cwd, 'data/ops/soak_decisions.jsonl');
const folder = (text: string) => ({ data: { ops: { 'soak_decisions.jsonl': text } } });

t.test('the last decisions are lines with time, rung, action, reason and the numbers that matter', async (t) => {
  const stall = record(9, { action: 'STALL', seconds_since_progress: 46.02, stall_streak: 2, cpu_some_avg10: 55.5 });
  const cwd = t.testdir(folder(`${record(1)}${record(2)}garbage\n${stall}{"torn`));
  const { code, stdout, stderr } = await soak(cwd, 'tail', '-n', '2').ended;
  t.equal(code, 0);
  t.same(stdout.trimEnd().split('\n'), [
    '── 2026-01-02  run 11111111  synthetic, adaptive, psi on',
    '03:04:02 THROTTLE1 1/5  HOLD                  reason 2',
    '03:04:09 THROTTLE1 1/5  STALL                 reason 9 (cpu pressure 55.5 %, no new row for 46 s, streak 2)',
  ]);
  t.match(stderr, /the last line is torn \(6 bytes\)\n1 lines are not decision records/);
});

t.test('--action, --since and --raw choose; the chosen lines are byte for byte those of the file', async (t) => {
  const now = record(3, { timestamp: new Date().toISOString(), action: 'ABORT' });
  const cwd = t.testdir(folder(record(1) + record(2, { action: 'ABORT' }) + now));
  t.equal((await soak(cwd, 'tail', '--raw', '--action', 'abort', '--since', '10m').ended).stdout, now);
  t.equal((await soak(cwd, 'tail', '--raw', '--action', 'STOP').ended).stdout, '');
  t.match(await soak(cwd, 'tail', '--action', 'NOPE').ended, {
    code: 2,
    stderr: /--action NOPE: valid: one of STARTUP/,
  });
  t.match(await soak(cwd, 'tail', '-n', 'x').ended, { code: 2 });
  t.match(await soak(cwd, 'tail', '--decisions', 'none').ended, { code: 12, stderr: /none: no such file/ });
});

t.test('a reason cannot steer the terminal', async (t) => {
  const cwd = t.testdir(folder(record(1, { reason: 'a\u001b[2Jb\r\nc\u202ed', state: '\u0007' })));
  const { stdout } = await soak(cwd, 'tail').ended;
  t.match(stdout, 'a\\u001b[2Jb\\u000d\\u000ac\\u202ed');
  t.notOk(stdout.includes('\u0007'));
});

t.test('-f waits for the file, then follows through a torn line, truncation and rotation', async (t) => {
  const cwd = t.testdir({});
  const { child } = soak(cwd, 'tail', '-f', '--raw');
  t.teardown(() => child.kill());
  let seen = '';
  let said = '';
  child.stdout?.on('data', (data) => {
    seen += data;
  });
  child.stderr?.on('data', (data) => {
    said += data;
  });
  const shows = (line: string) => eventually(() => seen.endsWith(line));
  await eventually(() => said.includes('waiting for'));
  mkdirSync(dirname(file(cwd)), { recursive: true });
  writeFileSync(file(cwd), record(1) + record(2).slice(0, 30));
  await shows(record(1));
  appendFileSync(file(cwd), record(2).slice(30));
  await shows(record(2));
  renameSync(file(cwd), `${file(cwd)}.1`);
  appendFileSync(`${file(cwd)}.1`, record(3));
  writeFileSync(file(cwd), record(4));
  await shows(record(4));
  writeFileSync(file(cwd), '');
  appendFileSync(file(cwd), record(5));
  await shows(record(5));
  t.equal(seen, [1, 2, 3, 4, 5].map((n) => record(n)).join(''));
});
