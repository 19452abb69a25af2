import { spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { SOAK } from '../../programs.ts';
import { CONFIG, run, soak } from './soak.ts';

/** One clear line on stderr, the documented exit code, nothing new in the folder. */
async function refused(
  t: { testdir: typeof root.testdir; match: typeof root.match; equal: typeof root.equal; same: typeof root.same },
  files: Record<string, string | object>,
  args: string[],
  code: number,
  line: RegExp,
) {
  const cwd = t.testdir(files as Parameters<typeof root.testdir>[0]);
  const before = readdirSync(cwd, { recursive: true });
  const ended = await run(cwd, ...args).ended;
  t.equal(ended.code, code, ended.stderr);
  t.match(ended.stderr, line);
  t.equal(ended.stderr.trimEnd().split('\n').length, 1, ended.stderr);
  t.equal(ended.stdout, '');
  t.same(readdirSync(cwd, { recursive: true }), before);
}
const root = t;
const good = { config: { 'config.toml': CONFIG } };

t.test('a wrong duration', (t) => refused(t, good, ['-d', '10x'], 2, /--duration 10x: valid: 45s/));
t.test('a duration of nothing', (t) => refused(t, good, ['-d', '0'], 2, /--duration 0/));
t.test('a duration of a century', (t) => refused(t, good, ['-d', '999999h'], 2, /--duration 999999h: valid: .* to /));
t.test('the wrong flag is not blamed', (t) => refused(t, good, ['--seconds', 'abc'], 2, /^--seconds abc: valid/));
t.test('two durations', (t) => refused(t, good, ['-d', '5', '--seconds', '5'], 2, /cannot be used with/));
t.test('an interval past what a timer holds', (t) => refused(t, good, ['--interval', '30d'], 2, /--interval 30d/));
t.test('a unit that is not a name', (t) => refused(t, good, ['--unit', '../x'], 2, /--unit \.\.\/x: valid/));
t.test('a mode that the config has no URL for', (t) =>
  refused(t, good, ['--mode', 'mockws'], 12, /engine\.ws_url: missing in mode mockws/),
);
t.test('a mode whose sources are missing', (t) =>
  refused(t, good, ['--mode', 'realws'], 12, /ws_sources\.toml: no such file/),
);
t.test('a recording that is missing', (t) =>
  refused(
    t,
    { config: { 'config.toml': '[engine]\ningest_mode = "replay"\nreplay_file = "none.jsonl"\n' } },
    [],
    12,
    /engine\.replay_file: none\.jsonl: no such file/,
  ),
);
t.test('a manager that is not there', (t) =>
  refused(t, good, ['--manager', 'user', '--unit', 'no-such'], 12, /--manager/),
);
t.test('a place that no folder can be made in', (t) =>
  refused(t, good, ['--decisions', '/proc/none/of/log.jsonl'], 12, /--decisions \/proc.*not writable/),
);
t.test('samples over a folder', (t) =>
  refused(t, good, ['--samples', 'config'], 12, /--samples .*config: not writable/),
);
t.test('what an earlier soak left is garbage', (t) =>
  refused(t, { ...good, data: { ops: { 'soak_state.json': '{"v"' } } }, [], 12, /soak_state\.json: is not what a soak/),
);
t.test('an option that does not exist', (t) => refused(t, good, ['--no-such', '5'], 2, /unknown option/));
t.test('a config that is missing', (t) => refused(t, {}, [], 12, /config\/config\.toml: no such file/));
t.test('a config with a syntax error names the line', (t) =>
  refused(t, { config: { 'config.toml': '[engine]\nsample_every = = 1\n' } }, [], 12, /config\.toml:2: TOML syntax/),
);
t.test('a config with an unknown key names the nearest', (t) =>
  refused(
    t,
    { config: { 'config.toml': '[engine]\nsample_evry = 1\n' } },
    [],
    12,
    /sample_evry: unknown key.*sample_every/,
  ),
);
t.test('a database that is a text file', (t) =>
  refused(t, { ...good, data: { 'bot.db': 'hello, this is text\n' } }, [], 12, /bot\.db: is not a SQLite database/),
);
t.test('a data folder that is a file', (t) =>
  refused(t, { ...good, data: 'text' }, ['--db', 'x.db'], 12, /data.*not writable/),
);

const mayMount = spawnSync('unshare', ['-m', 'true']).status === 0;
t.test('no PSI', { skip: !mayMount && 'may not make a mount namespace' }, async (t) => {
  const cwd = t.testdir({ ...good, nothing: {} });
  const command = `mount --bind nothing /proc/pressure && exec "${SOAK}" run --manager embedded -d 5`;
  const blind = spawnSync('unshare', ['-m', 'sh', '-c', command], { cwd, encoding: 'utf8' });
  t.match(blind, {
    status: 12,
    stdout: '',
    stderr: /^\/proc\/pressure\/cpu: no such file.*; valid: .*--psi-actions off\n$/,
  });
  t.same(readdirSync(cwd), ['config', 'nothing']);
});

t.test(
  'a data folder without write permission',
  { skip: process.getuid?.() === 0 && 'root may write anywhere' },
  async (t) => {
    const cwd = t.testdir({ ...good, data: {} });
    chmodSync(join(cwd, 'data'), 0o555);
    const ended = await run(cwd, '-d', '5').ended;
    t.match(ended, { code: 12, stderr: /not writable/ });
    chmodSync(join(cwd, 'data'), 0o755);
  },
);

t.test('doctor reads the end of a log, however long it is', async (t) => {
  const cwd = t.testdir({ ...good, data: { ops: { 'soak_decisions.jsonl': '' } } });
  truncateSync(join(cwd, 'data/ops/soak_decisions.jsonl'), 1e12);
  const { stdout, stderr } = await soak(cwd, 'doctor', '--manager', 'embedded').ended;
  t.match(stdout, /field names of the records/);
  t.equal(stderr, '');
});

t.test('--help, --version and a dry run print and touch nothing', async (t) => {
  const cwd = t.testdir(good);
  t.match(await soak(cwd, '--version').ended, { code: 0, stdout: /^\d+\.\d+\.\d+\n$/ });
  t.match(await soak(cwd, '--help').ended, { code: 0, stdout: /restore/ });
  t.match(await soak(cwd, 'run', '--help').ended, { code: 0, stdout: /--stall-threshold/ });
  const dry = ['run', '--dry-run', '-d', '90m', '--stall-threshold', '1m'];
  const shown = await soak(cwd, ...dry).ended;
  t.match(shown, { code: 0, stdout: /stall_threshold_s +60 \* +45 +seconds without a new row\n/ });
  for (const line of shown.stdout.split('\n').filter((line) => /_(s|limit|margin|share|fraction|hour) /.test(line)))
    t.match(line, /^\S+ +\S+( \*)? +\S+ {2,}\S/, 'key, value, default, meaning');
  t.match(JSON.parse((await soak(cwd, ...dry, '--json').ended).stdout), {
    duration_s: 5400,
    parameters: { stall_threshold_s: 60 },
  });
  t.match(await soak(cwd, 'nonsense').ended, { code: 2 });
  t.same(readdirSync(cwd), ['config']);
});
