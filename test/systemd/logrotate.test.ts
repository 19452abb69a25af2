import { spawnSync } from 'node:child_process';
import t from 'tap';
import { Host, needsSystemd, until } from './host.ts';

const CONFIG = '[engine]\ningest_mode = "synthetic"\ntick_interval_ms = 20\nsample_every = 1\n';

const without = spawnSync('logrotate', ['--version']).error && 'logrotate is not installed';
const wanted = { skip: needsSystemd().skip || without || false };

t.test('logrotate renames the decision log under a running soak, which writes on in a new one', wanted, async (t) => {
  const host = await Host.boot(CONFIG);
  t.teardown(host.close);
  const { ended, signal } = host.startSoak(
    '-d',
    '10m',
    '--psi-actions',
    'off',
    '--calibrate',
    '0',
    '--interval',
    '0.5s',
  );
  await host.decision('STARTUP');
  const rotated = await host.run('logrotate', '-v', '-f', '/etc/logrotate.d/hybrid-soak');
  t.equal(rotated.code, 0, rotated.stderr);
  t.notMatch(rotated.stderr, /error/i);
  await signal('TERM');
  t.equal((await ended).code, 143);
  const read = (name: string) => host.run('cat', `data/ops/${name}`);
  t.match((await read('soak_decisions.jsonl.1')).stdout, /"action":"STARTUP"/);
  const fresh = await until('the summary', async () => {
    const { stdout } = await read('soak_decisions.jsonl');
    return stdout.includes('"action":"SUMMARY"') && stdout;
  });
  t.notMatch(fresh, /"action":"STARTUP"/);
  const { stdout } = await host.run('stat', '-c', '%U:%G %a', 'data/ops/soak_decisions.jsonl');
  t.equal(stdout, 'hybrid-soak:hybrid-soak 640');
});
