import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { completionsOf } from '@hybrid-soak/contract/completion.ts';
import t from 'tap';
import { programs } from '../../../ops/programs.ts';
import { ENGINE, FEED, FLEET } from '../../programs.ts';
import { soak } from './soak.ts';

const has = (command: string) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
const all = await programs();
const [program] = all as [(typeof all)[number]];
const scripts = new Map(all.map((one) => [one.name(), completionsOf(one)]));
const scriptOf = (shell: 'bash' | 'zsh' | 'fish', name = 'soak') => scripts.get(name)?.[shell] ?? '';

/** What the script asks for runs and units. */
const STAND_INS = `
soak() { echo '[{"run_id":"abcd1234-0","began":"x"},{"run_id":"ef005678-0","began":"y"}]'; }
systemctl() { printf '%s\\n' 'hybrid-engine.service enabled enabled' 'getty@.service enabled enabled'; }`;

t.test('every command of every program names an example in its --help', async (t) => {
  for (const one of all)
    for (const command of one.commands) {
      let help = '';
      command.configureOutput({
        writeOut: (text) => {
          help += text;
        },
      });
      command.outputHelp();
      const { name } = { name: command.name() };
      if (name !== 'warm-cache') t.match(help, new RegExp(`Examples?:\\n.*${name}`, 's'), `${one.name()} ${name}`);
    }
});

/** What bash completes of words, as its readline hands them over. */
function complete(...words: string[]): string[] {
  const name = words[0] ?? '';
  const ask = `COMP_WORDS=(${words.map((word) => `'${word}'`).join(' ')}); COMP_CWORD=${words.length - 1}; _${name.replaceAll('-', '_')}; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return spawnSync('bash', ['-c', `${scriptOf('bash', name)}\n${STAND_INS}\n${ask}`], { encoding: 'utf8' })
    .stdout.trim()
    .split('\n');
}

t.test('bash completes commands, flags and the values of flags', async (t) => {
  const names = program.commands.map((command) => command.name());
  t.same(complete('soak', '').sort(), [...names, 'help', '-V', '--version', '-h', '--help'].sort());
  t.same(complete('soak', 'help', 'comp'), ['completion', 'compare']);
  t.same(complete('soak', 'run', '--policy', '='), ['adaptive', 'classic'], 'as bash splits --policy=');
  t.same(complete('soak', 'run', '--policy', '=', 'c'), ['classic']);
  t.same(complete('soak', 'run', '--metrics-l'), ['--metrics-listen']);
  t.same(complete('soak', 'run', '--report', '--js'), ['--json'], 'a value that may be left out, left out');
  t.same(complete('soak', 'run', '--policy', ''), ['adaptive', 'classic']);
  t.same(complete('soak', 'run', '--policy', 'c'), ['classic']);
  t.same(complete('soak', 'completion', 'z'), ['zsh']);
  t.same(complete('soak', 'tail', '--action', 'ST'), ['STARTUP', 'STALL', 'STARVED', 'STOP']);
  t.same(complete('soak', 'report', 'ab'), ['abcd1234'], 'a run id of the log');
  t.same(complete('soak', 'report', ''), ['abcd1234', 'ef005678'], 'flags come after a dash');
  t.same(complete('soak', 'tail', '--run', '='), ['abcd1234', 'ef005678']);
  t.same(complete('soak', 'status', '--unit', 'hybrid'), ['hybrid-engine.service']);
  t.same(complete('soak', 'run', '--duration', ''), [''], 'a duration is nothing to choose');
  t.same(complete('soak', 'run', '--report', 'package.js'), ['package.json'], 'a file, also where it may be left out');
});

t.test('bash completes the other programs too', async (t) => {
  t.same(complete('hybrid-engine', 'c'), ['check-config', 'completion']);
  t.same(complete('hybrid-engine', 'w'), [''], 'not what help does not show');
  t.same(complete('hybrid-engine', 'run', '--mode', 'm'), ['mockws']);
  t.same(complete('hybrid-engine', 'check-config', '--config', '=', 'package.js'), ['package.json']);
  t.same(complete('hybrid-feed', ''), [
    'serve',
    'record',
    'generate',
    'completion',
    'help',
    '-V',
    '--version',
    '-h',
    '--help',
  ]);
  t.same(complete('hybrid-feed', 'generate', '--shape', 'bit'), ['bitstamp', 'bitfinex']);
  t.same(complete('hybrid-feed', 'help', 'g'), ['generate']);
  t.same(complete('hybrid-fleet', 'soak', 'st'), ['start', 'stop']);
  t.same(complete('hybrid-fleet', 'ship', '--o'), ['--once']);
});

/** Tabs in a real terminal: bash on a pty of script(1), its line printed back by `printf`. */
t.test('a tab completes in an interactive bash', { skip: !has('script') && 'no script(1)' }, async (t) => {
  const folder = t.testdir({
    'soak.bash': scriptOf('bash'),
    'feed.bash': scriptOf('bash', 'hybrid-feed'),
    // Beside folders of the same name, and a file with a blank.
    run: {},
    serve: {},
    'my frames.jsonl': '',
    rc: "PS1='> '\nbind 'set enable-bracketed-paste off'\nsoak() { printf '<%s>' \"$@\"; echo; }\nhybrid-feed() { soak \"$@\"; }\n. ./soak.bash\n. ./feed.bash\n",
  });
  const typed = 'soak repl\t--pol\tcl\tx\nsoak run --policy=cl\tx\nhybrid-feed ser\tmy\tx\nexit\n';
  const { stdout } = spawnSync('script', ['-qec', 'bash --noprofile --rcfile rc -i', '/dev/null'], {
    cwd: folder,
    input: typed,
    encoding: 'utf8',
    env: { ...process.env, TERM: 'dumb', HISTFILE: '' },
  });
  t.match(stdout, '<replay><--policy><classic><x>');
  t.match(stdout, '<run><--policy=classic><x>');
  t.match(stdout, '<serve><my frames.jsonl><x>');
});

for (const shell of ['zsh', 'fish'] as const)
  t.test(`${shell} knows every command and every flag`, async (t) => {
    for (const one of all) {
      const source = scriptOf(shell, one.name());
      for (const command of one.createHelp().visibleCommands(one)) {
        t.ok(source.includes(command.name()), command.name());
        for (const { long, hidden } of command.options)
          t.ok(hidden || source.includes((long ?? '').replace(/^--/, '')), String(long));
      }
      const file = join(t.testdir({ script: source }), 'script');
      if (has(shell)) t.match(spawnSync(shell, ['-n', file], { encoding: 'utf8' }), { status: 0, stderr: '' });
    }
  });

t.test('fish completes run ids, `--flag=VALUE` and help', { skip: !has('fish') && 'no fish' }, async (t) => {
  const stand = 'function soak; echo \'[{"run_id":"abcd1234-0"}]\'; end';
  const asked = ['soak tail --run ', 'soak run --policy=c', 'soak help ru', 'soak report '];
  const lines = asked.map((line) => `complete -C '${line}'`);
  const script = [scriptOf('fish'), stand, ...lines].join('\n');
  const { stdout } = spawnSync('fish', ['--no-config', '-c', script], { encoding: 'utf8' });
  t.match(stdout, /^abcd1234\t[^\n]*\n--policy=classic\t[^\n]*\nrun\nruns\nabcd1234\n/);
});

t.test('each program writes its own', async (t) => {
  t.equal((await soak('.', 'completion', 'bash').ended).stdout, scriptOf('bash'));
  for (const program of [ENGINE, FEED, FLEET]) {
    const { stdout } = spawnSync(program, ['completion', 'json'], { encoding: 'utf8' });
    t.same(JSON.parse(stdout), scripts.get(basename(program)));
  }
});

t.test('an unknown shell is a usage error', async (t) => {
  t.match(await soak('.', 'completion', 'tcsh').ended, { code: 2, stderr: /bash, zsh, fish/ });
});
