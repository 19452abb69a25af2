import { spawn, spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import t from 'tap';
import { ENGINE, FEED, FLEET, SOAK } from '../../programs.ts';
import { CONFIG, decided, decisions, environment } from './soak.ts';

/** What `program` answers where nobody reads it: its exit code and stderr. */
function unread(cwd: string, program: string, args: string): { code: number; stderr: string } {
  const script = `"${program}" ${args} | true; echo "code \${PIPESTATUS[0]}" >&2`;
  const { stderr } = spawnSync('bash', ['-c', script], { cwd, env: environment(cwd), encoding: 'utf8' });
  const [, said = '', code] = /^([\s\S]*)code (\d+)\n$/.exec(stderr) ?? [];
  return { code: Number(code), stderr: said };
}

for (const [program, args] of [
  [SOAK, '--help'],
  [SOAK, 'run --help'],
  [SOAK, 'run --dry-run'],
  [SOAK, 'status'],
  [SOAK, 'completion bash'],
  [ENGINE, '--help'],
  [ENGINE, 'schema'],
  [ENGINE, 'check-config'],
  [FEED, '--help'],
  [FEED, 'generate --count 100000000'],
  [FLEET, 'completion json'],
] as const)
  t.test(`${basename(program)} ${args} ends quietly where its reader has gone`, async (t) => {
    const cwd = t.testdir({ config: { 'config.toml': CONFIG } });
    t.same(unread(cwd, program, args), { code: 0, stderr: '' });
  });

t.test('a result that cannot be written is one line and exit code 1', async (t) => {
  const { status, stderr } = spawnSync('sh', ['-c', `"${SOAK}" --help > /dev/full`], { encoding: 'utf8' });
  t.match({ status, stderr }, { status: 1, stderr: 'stdout: cannot be written (ENOSPC)\n' });
});

t.test('a soak whose stdout and stderr nobody reads any more runs its time and ends with its verdict', async (t) => {
  const cwd = t.testdir({ config: { 'config.toml': CONFIG } });
  const args = ['run', '--manager', 'embedded', '--psi-actions', 'off', '--interval', '0.2s', '-d', '4s'];
  const child = spawn(SOAK, args, { cwd, env: environment(cwd), stdio: ['ignore', 'pipe', 'pipe'] });
  await decided(cwd, 'ENGINE_START');
  child.stdout.destroy();
  child.stderr.destroy();
  const code = await new Promise((done) => child.once('exit', done));
  t.match(decisions(cwd).at(-1), { action: 'SUMMARY', exit_code: code });
  t.match(decisions(cwd).at(-3), { action: 'COMPLETE' });
  t.match(spawnSync('ls', [join(cwd, 'data/ops')], { encoding: 'utf8' }).stdout, /summary\.json/);
});
