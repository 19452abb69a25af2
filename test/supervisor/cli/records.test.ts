import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { saveRunState } from '@hybrid-soak/supervisor/recovery/run-state.ts';
import t from 'tap';
import { eventually } from '../../eventually.ts';
import { SOAK } from '../../programs.ts';
import { leftState } from '../run-state.ts';
import { alive, CONFIG, decided, decisions, environment, run, soak } from './soak.ts';

const folder = () => ({ config: { 'config.toml': CONFIG } });
const isRestored = (cwd: string) =>
  readFileSync(join(cwd, 'config/config.toml'), 'utf8') === CONFIG &&
  !existsSync(join(cwd, 'data/ops/soak_state.json'));

t.test('a command that is a property of every object is unknown like any other', async (t) => {
  for (const name of ['constructor', '__proto__', 'toString'])
    t.match(await soak(t.testdir({}), name).ended, { code: 2, stderr: /^error: unknown command '[^\n]*\n$/ }, name);
});

t.test('a log behind a link to nothing is one line and exit 12, with no state left', async (t) => {
  const cwd = t.testdir({ ...folder(), data: { ops: {} } });
  symlinkSync(join(cwd, 'nowhere/log'), join(cwd, 'data/ops/soak_decisions.jsonl'));
  const { code, stderr } = await run(cwd, '-d', '5s').ended;
  t.equal(code, 12, stderr);
  t.equal(stderr.trimEnd().split('\n').length, 1, stderr);
  t.ok(isRestored(cwd));
});

t.test('records on a disk that fills up end the soak with 12 and one line, everything restored', async (t) => {
  if (process.getuid?.() !== 0) return t.comment('SKIP: mounts a file system, which needs root');
  const cwd = t.testdir({ ...folder(), data: { ops: {} } });
  const script = 'mount -t tmpfs -o size=96k tmpfs data/ops && "$0" "$@"; code=$?; ls data/ops >&2; exit $code';
  const args = ['run', '--manager', 'embedded', '--psi-actions', 'off', '--interval', '0.1s', '-d', '1h', '--quiet'];
  const child = spawn('unshare', ['-m', 'sh', '-c', script, SOAK, ...args], {
    cwd,
    env: environment(cwd),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (data) => {
    said += data;
  });
  const code = await new Promise((resolve) => child.once('close', resolve));
  t.equal(code, 12, said);
  t.match(said, /^the records cannot be written: ENOSPC[^\n]*; valid: [^\n]*$/m);
  t.notMatch(said, /^ +at /m);
  t.notMatch(said, 'soak_state.json');
  t.equal(readFileSync(join(cwd, 'config/config.toml'), 'utf8'), CONFIG);
});

t.test('under nohup a hang-up is ignored; a terminal that is closed without it ends the soak', async (t) => {
  const cwd = t.testdir(folder());
  const args = ['run', '--manager', 'embedded', '--psi-actions', 'off', '--interval', '0.2s', '-d', '1h'];
  const child = spawn('nohup', [SOAK, ...args], { cwd, env: environment(cwd), stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  await decided(cwd, 'ENGINE_RESTARTED');
  child.kill('SIGHUP');
  const at = decisions(cwd).length;
  mkdirSync(join(cwd, 'data/ops/ABORT'));
  await decided(cwd, 'SUMMARY');
  t.same(
    decisions(cwd)
      .slice(at)
      .map(({ action }) => action)
      .filter((action) => action === 'STOP'),
    [],
    'not the signal ended it',
  );
  t.match(await decided(cwd, 'ABORT'), { reason: /not readable: EISDIR/ });
  t.equal(await ended, 20);
  t.ok(isRestored(cwd));
});

t.test('a log that is rotated during a soak goes on under its name', async (t) => {
  const cwd = t.testdir(folder());
  const { child, ended } = run(cwd, '-d', '1h');
  await decided(cwd, 'ENGINE_RESTARTED');
  const log = join(cwd, 'data/ops/soak_decisions.jsonl');
  renameSync(log, `${log}.1`);
  child.kill('SIGTERM');
  t.match(await ended, { code: 143 });
  t.same(
    decisions(cwd)
      .slice(-3)
      .map(({ action }) => action),
    ['STOP', 'RESTORED', 'SUMMARY'],
  );
});

t.test('links in the place of what an embedded engine and the metrics are written to lead nowhere', async (t) => {
  const cwd = t.testdir({ ...folder(), victim: 'precious\n', data: { ops: {} } });
  symlinkSync(join(cwd, 'victim'), join(cwd, 'data/ops/engine.log'));
  const refused = await run(cwd, '-d', '1s').ended;
  t.equal(refused.code, 12);
  t.match(refused.stderr, /^the engine's log [^\n]*engine\.log: not writable \(a symbolic link\); valid: [^\n]*\n$/);
  t.ok(isRestored(cwd));
  rmSync(join(cwd, 'data/ops/engine.log'));
  symlinkSync(join(cwd, 'victim'), join(cwd, 'soak.prom'));
  await run(cwd, '-d', '1s', '--metrics-textfile', 'soak.prom').ended;
  t.equal(readFileSync(join(cwd, 'victim'), 'utf8'), 'precious\n');
});

t.test(
  'what a run left of a unit that cannot be restored is kept aside, named, and blocks no other unit',
  async (t) => {
    const cwd = t.testdir({ ...folder(), data: { ops: {} } });
    const left = leftState(join(cwd, 'config/config.toml'), CONFIG, {
      ...{ unit: 'gone.service', manager: 'system', was_running: true, started: true },
      ...{ written_text: CONFIG.replace('= 1 #', '= 5 #'), overwritten_text: CONFIG },
    });
    writeFileSync(join(cwd, 'config/config.toml'), left.written_text ?? '');
    saveRunState(join(cwd, 'data/ops/soak_state.json'), left);
    const ran = await run(cwd, '-d', '2s').ended;
    t.not(ran.code, 12, ran.stderr);
    const aside = /gone\.service is not restored: [\s\S]*kept in (\S+) for `soak restore`/.exec(ran.stderr)?.[1] ?? '';
    t.ok(existsSync(aside), ran.stderr);
    t.ok(isRestored(cwd), 'the config is');
    t.match(await soak(cwd, 'restore').ended, { code: 20, stderr: new RegExp(`valid: .* or remove ${aside}`) });
  },
);

t.test('another run over the same folder is refused, and restores nothing of the first', async (t) => {
  const cwd = t.testdir(folder());
  const { child, ended } = run(cwd, '-d', '1h');
  await decided(cwd, 'ENGINE_RESTARTED');
  t.match(await run(cwd, '--unit', 'another', '-d', '1s').ended, {
    code: 2,
    stderr: /another\.service is held by pid \d+/,
  });
  t.match(await soak(cwd, 'restore').ended, { code: 2, stderr: /the soak is still running \(pid \d+/ });
  child.kill('SIGTERM');
  t.match(await ended, { code: 143 });
});

t.test('an engine that the killed soak had started and not yet named is found by its environment', async (t) => {
  const cwd = t.testdir(folder());
  const { child, ended } = run(cwd, '-d', '1h');
  const pid = Number((await decided(cwd, 'ENGINE_RESTARTED'))['unit_pid']);
  child.kill('SIGKILL');
  await ended;
  const path = join(cwd, 'data/ops/soak_state.json');
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, 'utf8')), embedded: null }));
  t.ok(alive(pid));
  t.match(await soak(cwd, 'restore').ended, { code: 0 });
  await eventually(() => !alive(pid));
  t.same(execFileSync('ls', ['-A', join(cwd, 'config')], { encoding: 'utf8' }).trim(), 'config.toml');
});
