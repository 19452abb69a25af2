import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';
import { makeCgroups } from '../../ops/sandbox/cgroup.ts';
import { eventually } from '../eventually.ts';
import { descendants, leftovers, RUN, runName } from './leftovers.ts';

const ROOT = resolve(import.meta.dirname, '../..');

/** A test file that fails, with a child process (its pid in the file `pid`) and a server open. */
const LEAKS = `
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import t from 'tap';
t.test('fails', async (t) => {
  const child = spawn('sleep', ['1000'], { detached: true });
  writeFileSync(process.env.PID_FILE, String(child.pid));
  createServer().listen(0);
  t.equal(1, 2);
});
`;

const HANGS = `${LEAKS}t.test('never ends', () => new Promise(() => {}));\n`;

/** \`npm test -- FILE\` without the bootstrap. */
function runner(file: string, pidFile: string): { child: ChildProcess; output: () => string } {
  const env = { ...process.env, PID_FILE: pidFile, TAP_CHILD_ID: '', TAP: '' };
  const child = spawn(process.execPath, ['ops/test.mjs', file], { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data) => {
      output += data;
    });
  return { child, output: () => output };
}

/** A zombie has no command line. */
function isThere(pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`).length > 0;
  } catch {
    return false;
  }
}
const pidIn = (path: string) => () => existsSync(path) && Number(readFileSync(path, 'latin1'));

t.test(
  'a failure without diagnostics, as of a test that has not ended, is one of those named at the end',
  async (t) => {
    const dir = t.testdir({
      'bare.test.ts': "console.log('not ok 1 - test unfinished\\n1..1');\nprocess.exitCode = 1;\n",
    });
    const { child, output } = runner(join(dir, 'bare.test.ts'), join(dir, 'pid'));
    t.same(await once(child, 'close'), [1, null]);
    t.match(output(), /^FAILED .*test unfinished$/m);
  },
);

t.test('a failed test that leaves a server and a process open does not hold the run up', async (t) => {
  const dir = t.testdir({ 'leaks.test.ts': LEAKS });
  const begun = performance.now();
  const { child, output } = runner(join(dir, 'leaks.test.ts'), join(dir, 'pid'));
  t.same(await once(child, 'close'), [1, null]);
  t.ok(performance.now() - begun < 450_000, 'far from the limit of 900 s');
  t.match(output(), /not ok \d+ - does not end by itself within 1 s of its last test/);
  t.match(output(), /sleep 1000/);
  t.match(output(), /^# \{ total: \d+, pass: \d+, fail: \d+ \}$/m);
  const end = output().slice(output().lastIndexOf('# { total'));
  t.match(
    end,
    /^FAILED \S+leaks\.test\.ts > fails > should be equal\n {2}at \S+leaks\.test\.ts:10\n/m,
    'named at the end',
  );
  t.match(end, /^ {2}-2\n {2}\+1\n/m, 'with its difference');
  t.notOk(isThere(Number(readFileSync(join(dir, 'pid'), 'latin1'))));
});

for (const signal of ['SIGKILL', 'SIGTERM', 'SIGINT'] as const)
  t.test(`a run that gets ${signal} leaves no process`, async (t) => {
    const dir = t.testdir({ 'hangs.test.ts': HANGS });
    const { child } = runner(join(dir, 'hangs.test.ts'), join(dir, 'pid'));
    const run = runName(child.pid as number);
    const pid = await eventually(pidIn(join(dir, 'pid')));
    t.ok(leftovers((of) => of === run).some((process) => process.pid === pid));
    t.ok(descendants(child.pid as number).includes(pid));
    child.kill(signal);
    await once(child, 'close');
    await eventually(() => leftovers((of) => of === run).length === 0);
    t.notOk(isThere(pid));
  });

t.test('a run removes what a killed one left, machines too', async (t) => {
  // Named after an owner that there is not.
  const machine = `hybrid-sandbox-999999999-1-${process.pid}`;
  mkdirSync(join(tmpdir(), machine));
  const cgroups = process.getuid?.() === 0 ? makeCgroups(`${machine}-without-a-folder`) : [];
  const env = { ...process.env, [RUN]: `999999999.${runName(process.pid).replace(/^\d+\./, '')}` };
  const orphan = spawn('sleep', ['1000'], { env, detached: true, stdio: 'ignore' });
  const ended = once(orphan, 'exit');
  const dir = t.testdir({ 'quick.test.ts': "import t from 'tap';\nt.pass('quick');\n" });
  t.same(await once(runner(join(dir, 'quick.test.ts'), join(dir, 'pid')).child, 'close'), [0, null]);
  t.same(await ended, [null, 'SIGKILL']);
  for (const path of [join(tmpdir(), machine), ...cgroups]) t.notOk(existsSync(path), path);
});
