import { join } from 'node:path';
import { execa } from 'execa';
import t from 'tap';

const SOAK = new URL('../../../packages/supervisor/src/main.ts', import.meta.url).pathname;
const soak = (...args: string[]) => execa(process.execPath, [SOAK, ...args], { reject: false });
const line = (run_id: string, action: string, more = {}) =>
  `${JSON.stringify({ timestamp: '2026-01-01T00:00:00.000000Z', run_id, action, reason: '', policy: 'adaptive', cpu_some_avg10: 1, ...more })}\n`;
const run = (id: string, verdict: string, duration_s: number) =>
  line(id, 'STARTUP') + line(id, 'SUMMARY', { verdict, duration_s, restarts: 0, stalls: 0 });

t.test('runs lists those of a log, and compare finds the one that passed before', async (t) => {
  const text = run('aaaa', 'PASS', 60) + run('bbbb', 'FAIL', 120) + run('cccc', 'FAIL', 180);
  const log = join(t.testdir({ 'd.jsonl': text }), 'd.jsonl');
  const listed = await soak('runs', '--decisions', log);
  t.match((await soak('compare', log, log, '--run-a', 'aaaa')).stdout, /^ +aaaa +cccc\n/);
  t.match(listed.stdout, /^run .*\naaaa .*PASS.*\nbbbb .*FAIL.*\ncccc .*FAIL/, listed.stderr);
  const compared = await soak('compare', log, '--with-last-pass', '--json');
  t.match(JSON.parse(compared.stdout), {
    a: { verdict: 'PASS', duration_s: 60 },
    b: { verdict: 'FAIL', duration_s: 180 },
  });
  const first = await soak('compare', log, '--with-last-pass', '--run-a', 'aaaa');
  t.match([first.exitCode, first.stderr], [12, /no run passed before/]);
});
