import { spawnSync } from 'node:child_process';
import { stripVTControlCharacters } from 'node:util';
import { widthOf } from '@hybrid-soak/report/terminal/line.ts';
import t from 'tap';
import { SOAK } from '../../programs.ts';
import { DECISIONS } from '../../report/fixture.ts';
import { CONFIG, environment, soak } from './soak.ts';

const files = {
  config: { 'config.toml': CONFIG },
  data: { ops: { 'soak_decisions.jsonl': DECISIONS.map((record) => `${JSON.stringify(record)}\n`).join('') } },
};
const UNIT = '--unit hybrid-nosuch.service';
const COMMANDS = ['tail --explain', 'runs', `status ${UNIT}`, `doctor ${UNIT}`];

t.test('on a narrow terminal lines are broken between words, in a pipe they are whole', async (t) => {
  const cwd = t.testdir(files);
  const script = COMMANDS.map((command) => `"$SOAK" ${command}`).join('; ');
  const { stdout } = spawnSync('script', ['-qec', `stty columns 44 rows 24; ${script}`, '/dev/null'], {
    cwd,
    encoding: 'utf8',
    env: { ...environment(cwd), SOAK, TERM: 'xterm', NO_COLOR: undefined, FORCE_COLOR: undefined, CI: undefined },
  });
  const lines = stripVTControlCharacters(stdout).split(/[\r\n]+/);
  // Paths and checksums have no place to break.
  t.same(
    lines.filter((line) => widthOf(line) > 44 && line.trim().includes(' ') && !/\/|\w{32}/.test(line)),
    [],
  );
  t.ok(stdout.includes('\x1b[31mSTALL'), 'in colour');
  t.ok(lines.includes('          max_stalls = 0, seen 1'), 'a reason goes on below itself');
  t.match(lines.join('\n'), /\n[0-9a-f]{8} {2}\S+ \S+ \S+, .*\n {10}.*FAIL/, 'a run in some lines');
  const piped = (await soak(cwd, 'runs').ended).stdout.split('\n');
  t.match(piped, [/^run +began +duration +verdict +restarts/, /^[0-9a-f]{8} /, '']);
});
