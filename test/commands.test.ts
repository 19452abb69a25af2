import { execFileSync, spawnSync } from 'node:child_process';
import { join, resolve } from 'node:path';
import t from 'tap';
import { ENGINE, FEED, FLEET, SOAK } from './programs.ts';

const ROOT = resolve(import.meta.dirname, '..');
/** Where the run keeps compiled modules: without it each start compiles all sources. */
const COMPILED = { NODE_COMPILE_CACHE: process.env['NODE_COMPILE_CACHE'] };

for (const name of ['soak', 'hybrid-engine', 'hybrid-feed', 'hybrid-fleet'])
  t.test(`npx ${name} answers --help and --version, also from another folder and another PATH`, async (t) => {
    const command = join(ROOT, 'node_modules/.bin', name);
    const say = (flag: string) =>
      execFileSync(command, [flag], {
        cwd: t.testdir({}),
        env: { ...COMPILED, PATH: '/usr/bin:/bin' },
        encoding: 'utf8',
      });
    t.match(say('--help'), new RegExp(`^Usage: ${name} `));
    t.match(say('--version'), /^\d+\.\d+\.\d+\n$/);
    const wrong = spawnSync(command, ['--nonsense'], { encoding: 'utf8' });
    t.match(wrong, { status: 2, stderr: /unknown option '--nonsense'/ });
    t.equal(wrong.stderr.trim().split('\n').length, 1);
  });

t.test('soak help of an unknown command, and an empty argument, are errors', (t) => {
  const call = (program: string, ...args: string[]) => spawnSync(program, args, { encoding: 'utf8' });
  t.match(call(SOAK, 'help', 'nosuch'), {
    status: 2,
    stderr: "error: unknown command 'nosuch'; valid: --help lists the commands\n",
  });
  for (const program of [SOAK, ENGINE, FEED, FLEET])
    t.match(
      call(program, 'run', '--config', ''),
      { status: 2, stderr: /^(error: )?--config '': empty; valid: .*\n$/ },
      program,
    );
  t.match(call(FEED, 'help', 'nosuch'), { status: 2, stderr: /^error: unknown command 'nosuch'; valid: / });
  t.match(call(FEED, 'help', 'serve'), { status: 0, stdout: call(FEED, 'serve', '-h').stdout });
  t.match(call(FLEET, 'status', '--server', '127.0.0.1:1', '--config', 'config/config.toml'), {
    status: 1,
    stderr: /^the servers do not answer \(.*\); valid: .*\n$/,
  });
  t.end();
});

t.test('hybrid-feed generate writes the same frames for the same seed', async (t) => {
  const generate = (...args: string[]) => spawnSync(FEED, ['generate', '--count', '5', ...args], { encoding: 'utf8' });
  t.equal(generate('--seed', '4').stdout, generate('--seed', '4').stdout);
  t.equal(generate().stdout.trim().split('\n').length, 5);
  t.match(generate('--count', 'many'), { status: 2, stderr: /--count many: valid: / });
  t.match(generate('--shape', 'x'), { status: 2, stderr: /--shape <name>.* 'x' is invalid.*binance, gemini/ });
});
