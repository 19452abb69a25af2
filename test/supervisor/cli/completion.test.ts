import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { wholeProgram } from '@hybrid-soak/supervisor/main.ts';
import t from 'tap';
import { soak } from './soak.ts';

const scriptOf = async (shell: string) => (await soak('.', 'completion', shell).ended).stdout;
const has = (command: string) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
const program = await wholeProgram();

/** What the script asks for runs and units. */
const STAND_INS = `
soak() { echo '[{"run_id":"abcd1234-0","began":"x"},{"run_id":"ef005678-0","began":"y"}]'; }
systemctl() { printf '%s\\n' 'hybrid-engine.service enabled enabled' 'getty@.service enabled enabled'; }`;

t.test('every command names an example in its --help', async (t) => {
  for (const command of program.commands) {
    let help = '';
    command.configureOutput({
      writeOut: (text) => {
        help += text;
      },
    });
    command.outputHelp();
    t.match(help, new RegExp(`Examples?:\\n.*soak ${command.name()}`, 's'), command.name());
  }
});

t.test('bash completes commands, flags and the values of flags', async (t) => {
  const source = await scriptOf('bash');
  const complete = (...words: string[]) => {
    const ask = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _soak; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return spawnSync('bash', ['-c', `${source}\n${STAND_INS}\n${ask}`], { encoding: 'utf8' })
      .stdout.trim()
      .split('\n');
  };
  const names = program.commands.map((command) => command.name());
  t.same(complete('soak', '').sort(), [...names, 'help'].sort());
  t.same(
    complete('soak', 'help', 'comp'),
    ['completion', 'compare'].filter((name) => names.includes(name)),
  );
  t.same(complete('soak', 'run', '--policy', '='), ['adaptive', 'classic'], 'as bash splits --policy=');
  t.same(complete('soak', 'run', '--policy', '=', 'c'), ['classic']);
  t.same(complete('soak', 'run', '--metrics-l'), ['--metrics-listen']);
  t.same(complete('soak', 'run', '--policy', ''), ['adaptive', 'classic']);
  t.same(complete('soak', 'run', '--policy', 'c'), ['classic']);
  t.same(complete('soak', 'completion', 'z'), ['zsh']);
  t.same(complete('soak', 'tail', '--action', 'ST'), ['STARTUP', 'STALL', 'STARVED', 'STOP']);
  t.same(complete('soak', 'report', 'ab'), ['abcd1234'], 'a run id of the log');
  t.same(complete('soak', 'tail', '--run', '='), ['abcd1234', 'ef005678']);
  t.same(complete('soak', 'status', '--unit', 'hybrid'), ['hybrid-engine.service']);
  t.same(complete('soak', 'run', '--duration', ''), [''], 'a duration is nothing to choose');
  t.same(complete('soak', 'run', '--report', 'package.js'), ['package.json'], 'a file, also where it may be left out');
});

for (const shell of ['zsh', 'fish'])
  t.test(`${shell} knows every command and every flag`, async (t) => {
    const source = await scriptOf(shell);
    for (const command of program.commands) {
      t.ok(source.includes(command.name()), command.name());
      for (const { long, hidden } of command.options)
        t.ok(hidden || source.includes((long ?? '').replace(/^--/, '')), String(long));
    }
    const file = join(t.testdir({ script: source }), 'script');
    if (has(shell)) t.match(spawnSync(shell, ['-n', file], { encoding: 'utf8' }), { status: 0, stderr: '' });
  });

t.test('fish completes run ids, `--flag=VALUE` and help', { skip: !has('fish') && 'no fish' }, async (t) => {
  const stand = 'function soak; echo \'[{"run_id":"abcd1234-0"}]\'; end';
  const asked = ['soak tail --run ', 'soak run --policy=c', 'soak help ru', 'soak report '];
  const lines = asked.map((line) => `complete -C '${line}'`);
  const script = [await scriptOf('fish'), stand, ...lines].join('\n');
  const { stdout } = spawnSync('fish', ['--no-config', '-c', script], { encoding: 'utf8' });
  t.match(stdout, /^abcd1234\t[^\n]*\n--policy=classic\t[^\n]*\nrun\nruns\nabcd1234\n/);
});

t.test('an unknown shell is a usage error', async (t) => {
  t.match(await soak('.', 'completion', 'tcsh').ended, { code: 2, stderr: /bash, zsh, fish/ });
});
