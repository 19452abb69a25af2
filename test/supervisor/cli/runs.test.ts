import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { execa } from 'execa';
import t from 'tap';
import { SOAK } from '../../programs.ts';
import { HEADER, observationAt } from '../../report/fixture.ts';

const soak = (...args: string[]) => execa(SOAK, args, { reject: false });
const line = (run_id: string, action: string, more = {}) =>
  `${JSON.stringify({ timestamp: '2026-01-01T00:00:00.000000Z', run_id, action, reason: '', policy: 'adaptive', cpu_some_avg10: 1, ...more })}\n`;
const run = (id: string, verdict: string, duration_s: number) =>
  line(id, 'STARTUP') + line(id, 'SUMMARY', { verdict, duration_s, restarts: 0, stalls: 0 });

t.test('compare says what differs between two runs by more than their noise', async (t) => {
  const samples = (id: string, frames: number) => {
    const seen = Array.from({ length: 121 }, (_, n) => {
      const second = n * 10;
      const at = observationAt(second, { run_id: id });
      const progress = { new_rows: 10, ticks_count: second * frames + (n % 3), last_tick_ts: 0, probe_ms: 0.1 };
      return { ...at, progress: { available: true, value: progress } };
    });
    return [{ ...HEADER, options: { ...HEADER.options, run_id: id } }, ...seen]
      .map((one) => JSON.stringify(one))
      .join('\n');
  };
  const files = { 'a.jsonl': run('aaaa', 'PASS', 1200), 's.jsonl': samples('aaaa', 100) };
  const others = { 'b.jsonl': run('bbbb', 'PASS', 1200), 's.jsonl': samples('bbbb', 90) };
  const rename = ({ 's.jsonl': text, ...log }: Record<string, string>) => ({
    ...log,
    'soak_samples.jsonl': `${text}\n`,
  });
  const cwd = t.testdir({ a: rename(files), b: rename(others) });
  const [a, b] = [join(cwd, 'a/a.jsonl'), join(cwd, 'b/b.jsonl')];
  const { stdout, stderr } = await soak('compare', a, b);
  t.match(stdout, /ticks, \/s +100 +90.1 +-10.0 \(.*\) +MORE THAN NOISE/, stderr);
  t.match(stdout, /engine cpu, % of one CPU +40.0 +40.0 +0.0 \(0.0 .. 0.0\) +within the noise/);
  const { differences } = JSON.parse((await soak('compare', a, b, '--json')).stdout);
  t.match(differences[0], { signal: 'ticks', differs: true, pairs: 21 });
  t.match((await soak('compare', a, a)).stdout.includes('NOISE'), false, 'a run beside itself');
});

t.test('runs lists those of a log, and compare finds the one that passed before', async (t) => {
  const text = run('aaaa', 'PASS', 60) + run('bbbb', 'FAIL', 120) + run('cccc', 'FAIL', 180);
  const cwd = t.testdir({ data: { ops: { 'soak_decisions.jsonl': text } } });
  const log = join(cwd, 'data/ops/soak_decisions.jsonl');
  const listed = await soak('runs', '--decisions', log);
  t.match((await soak('compare', log, log, '--run-a', 'aaaa')).stdout, /^ +aaaa +cccc\n/);
  t.match(listed.stdout, /^run .*\naaaa .*PASS.*\nbbbb .*FAIL.*\ncccc .*FAIL/, listed.stderr);
  const compared = await soak('compare', log, '--with-last-pass', '--json');
  t.match(JSON.parse(compared.stdout), {
    a: { verdict: 'PASS', duration_s: 60 },
    b: { verdict: 'FAIL', duration_s: 180 },
  });
  const env = { XDG_STATE_HOME: cwd };
  const own = await execa(SOAK, ['compare', '--with-last-pass', '--json'], { cwd, env });
  t.equal(own.stdout, compared.stdout, "the unit's own log");
  t.match(await soak('compare'), { exitCode: 2, stderr: /missing required argument 'a'/ });
  const first = await soak('compare', log, '--with-last-pass', '--run-a', 'aaaa');
  t.match([first.exitCode, first.stderr], [12, /no run passed before/]);
});

t.test('a log without a run, packed or empty, and a named file that is missing, are exit code 12', async (t) => {
  const cwd = t.testdir({
    'empty.jsonl': '',
    'd.jsonl.gz': gzipSync(run('aaaa', 'PASS', 60)) as never,
    'd.jsonl': run('aaaa', 'PASS', 60),
  });
  const at = (name: string) => join(cwd, name);
  t.match(await soak('runs', '--decisions', at('empty.jsonl')), {
    exitCode: 12,
    stderr: /no decision record; valid: the log of a soak$/,
  });
  t.match(await soak('runs', '--decisions', at('d.jsonl.gz')), { exitCode: 12, stderr: /unpacked \(gunzip -k\)$/ });
  const flags = ['--decisions', at('d.jsonl'), '--samples', at('none.jsonl'), '--out', at('r.html')];
  t.match(await soak('report', ...flags), { exitCode: 12, stderr: /none\.jsonl: no such file; valid: / });
  t.match(await soak('tail', '--decisions', at('empty.jsonl'), '--run', 'x'), {
    exitCode: 12,
    stderr: /no decision record/,
  });
});
