import { spawn, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import t from 'tap';
import { SOAK } from '../../programs.ts';
import { CONFIG, decided, decisions, environment } from './soak.ts';

const BIN = resolve(import.meta.dirname, '../../../node_modules/.bin');

/** What `command` answers where nobody reads it: its exit code and stderr. */
function unread(cwd: string, command: string): { code: number; stderr: string } {
  const script = `"${BIN}"/${command} | true; echo "code \${PIPESTATUS[0]}" >&2`;
  const { stderr } = spawnSync('bash', ['-c', script], { cwd, env: environment(cwd), encoding: 'utf8' });
  const [, said = '', code] = /^([\s\S]*)code (\d+)\n$/.exec(stderr) ?? [];
  return { code: Number(code), stderr: said };
}

for (const command of [
  'soak --help',
  'soak run --help',
  'soak run --dry-run',
  'soak status',
  'soak completion bash',
  'hybrid-engine --help',
  'hybrid-engine schema',
  'hybrid-engine check-config',
  'hybrid-feed --help',
  'hybrid-feed generate --count 100000000',
  'hybrid-fleet completion json',
])
  t.test(`${command} ends quietly where its reader has gone`, async (t) => {
    const cwd = t.testdir({ config: { 'config.toml': CONFIG } });
    t.same(unread(cwd, command), { code: 0, stderr: '' });
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
