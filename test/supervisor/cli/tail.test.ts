import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parseMoment } from '@hybrid-soak/supervisor/text/moment.ts';
import t from 'tap';
import { eventually } from '../../eventually.ts';
import { SOAK } from '../../programs.ts';
import { environment, soak } from './soak.ts';

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
  const { code, stdout, stderr } = await soak(cwd, 'tail', '-n', '2', '--utc').ended;
  t.equal(code, 0);
  t.same(stdout.trimEnd().split('\n'), [
    '── 2026-01-02 UTC  run 11111111  synthetic, adaptive, psi on',
    '03:04:02 THROTTLE1 1/5  HOLD                  reason 2',
    '03:04:09 THROTTLE1 1/5  STALL                 reason 9 (cpu pressure 55.5 %, no new row for 46 s, streak 2)',
  ]);
  t.match(stderr, /the last line is torn \(6 bytes\)\n1 line is not a record/);
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
  appendFileSync(file(cwd), record(3));
  renameSync(file(cwd), `${file(cwd)}.1`);
  writeFileSync(file(cwd), record(4));
  await shows(record(4));
  writeFileSync(file(cwd), '');
  appendFileSync(file(cwd), record(5));
  await shows(record(5));
  t.equal(seen, [1, 2, 3, 4, 5].map((n) => record(n)).join(''));
});

t.test('--until, --grep, --run, -r and -o choose as journalctl does', async (t) => {
  const other = record(5, { run_id: '22222222-3333', seq: 1, action: 'STALL', reason: 'No Row' });
  const cwd = t.testdir(folder(record(1) + record(2) + record(3) + other));
  const said = async (...args: string[]) => (await soak(cwd, 'tail', ...args, '--utc').ended).stdout;
  const reasons = async (...args: string[]) => (await said('-o', 'cat', ...args)).trimEnd().split('\n');
  t.same(await reasons('--until', '2026-01-02 03:04:02'), ['HOLD: reason 1', 'HOLD: reason 2']);
  t.same(await reasons('-r', '-n', '2'), ['STALL: No Row', 'HOLD: reason 3']);
  t.same(await reasons('--grep', 'no row'), ['STALL: No Row']);
  t.same(await reasons('--grep', 'No row'), ['']);
  t.same(await reasons('--run', '-1', '-n', '1'), ['HOLD: reason 3']);
  t.same(await reasons('--run', '2222'), ['STALL: No Row']);
  t.equal(await said('-o', 'json', '--run', '2222'), other);
  t.match(await said('--explain', '-n', '1'), /No Row\n +(= no new row for the threshold).*; do: soak status/);
  for (const wrong of [
    ['--since', 'soon'],
    ['--grep', '('],
    ['--run', '99'],
  ])
    t.match((await soak(cwd, 'tail', ...wrong).ended).stderr, /valid: /, wrong.join(' '));
});

t.test('a packed log, a pipe and stdin are read too', async (t) => {
  const cwd = t.testdir({ 'log.gz': gzipSync(record(1) + record(2)), torn: '' });
  const many = Array.from({ length: 200 }, (_, n) => record(n)).join('');
  writeFileSync(join(cwd, 'half.gz'), gzipSync(many).subarray(0, 400));
  writeFileSync(join(cwd, 'text.gz'), record(1));
  const shell = (script: string) =>
    execFileSync('bash', ['-c', script], { cwd, env: { ...environment(cwd), SOAK }, encoding: 'utf8' });
  t.equal(shell('"$SOAK" tail --raw --decisions log.gz'), record(1) + record(2));
  t.equal(shell('zcat log.gz | "$SOAK" tail --raw -n 1 --decisions -'), record(2));
  t.equal(shell('"$SOAK" tail --raw -n 1 --decisions <(zcat log.gz)'), record(2));
  const half = await soak(cwd, 'tail', '--raw', '--decisions', 'half.gz', '-n', '1000').ended;
  t.match(half, { code: 0, stderr: /half\.gz: ends in its middle; shown is what could be unpacked/ });
  t.ok(half.stdout.length > record(1).length && many.startsWith(half.stdout), 'what comes before the cut');
  t.match(await soak(cwd, 'tail', '--decisions', 'text.gz').ended, { code: 12, stderr: /text.gz: cannot be unpacked/ });
  t.match(await soak(cwd, 'tail', '-f', '--decisions', 'log.gz').ended, { code: 2, stderr: /valid: / });
});

t.test('times are local with their offset unless UTC is asked for', async (t) => {
  const cwd = t.testdir(folder(record(1)));
  const env = { ...environment(cwd), TZ: 'Asia/Kolkata' };
  const text = execFileSync(SOAK, ['tail'], { cwd, env, encoding: 'utf8' });
  t.match(text, /^── 2026-01-02 \+05:30 .*\n08:34:01 /);
});

t.test('a moment is a duration ago, a time of today, a day, or a stamp', async (t) => {
  const now = Date.UTC(2026, 10, 26, 12, 0, 0);
  const at = (text: string) => parseMoment(text, now, true);
  t.equal(at('2h'), now - 7_200_000);
  t.equal(at('09:00'), Date.UTC(2026, 10, 26, 9));
  t.equal(at('yesterday'), Date.UTC(2026, 10, 25));
  t.equal(at('2026-11-20 09:30'), Date.UTC(2026, 10, 20, 9, 30));
  t.equal(at('2026-11-20T09:30:01+01:00'), Date.UTC(2026, 10, 20, 8, 30, 1));
  t.equal(at('2h ago'), now - 7_200_000);
  t.equal(at('-2h'), now - 7_200_000);
  t.equal(at('tomorrow'), Date.UTC(2026, 10, 27));
  t.equal(at('2026-11-20 09:30:01 Z'), Date.UTC(2026, 10, 20, 9, 30, 1));
  for (const wrong of ['25:00', 'soon', '2026-13-01', '2026-02-30', '2026-02-30T00:00:00Z', '10-2026', ''])
    t.equal(at(wrong), undefined, wrong);
});

t.test('where nothing is to be shown, that is said', async (t) => {
  const cwd = t.testdir({ ...folder(record(1)), 'empty.jsonl': '' });
  const said = async (...args: string[]) => (await soak(cwd, 'tail', ...args).ended).stderr;
  t.match(await said('--since', '2099-01-01'), /soak_decisions\.jsonl: no decision matches\n$/);
  t.match(await said('--decisions', 'empty.jsonl'), /empty\.jsonl: no decision in it\n$/);
  t.equal(await said('-n', '0'), '');
});

t.test('a time of day is local also on the days that the clock is turned', (t) => {
  const script = `import { parseMoment } from '@hybrid-soak/supervisor/text/moment.ts';
    const now = Date.parse('2026-03-29T10:00:00Z');
    console.log(['yesterday', 'today', '02:30', '03:00'].map((text) => new Date(parseMoment(text, now, false)).toISOString()).join());`;
  const env = { ...process.env, TZ: 'Europe/Berlin' };
  const text = execFileSync(process.execPath, ['--input-type=module-typescript', '-e', script], {
    env,
    encoding: 'utf8',
  });
  t.equal(
    text.trim(),
    '2026-03-27T23:00:00.000Z,2026-03-28T23:00:00.000Z,2026-03-29T01:30:00.000Z,2026-03-29T01:00:00.000Z',
  );
  t.end();
});
