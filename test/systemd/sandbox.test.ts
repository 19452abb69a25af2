import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';
import { removeDeadMachines } from '../../ops/sandbox/leftovers.ts';
import { bootMachine } from '../../ops/sandbox/machine.ts';
import { eventually } from '../eventually.ts';
import { needsSystemd, until } from './host.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const foldersOf = (pid: number) => readdirSync(tmpdir()).filter((name) => name.startsWith(`hybrid-sandbox-${pid}-`));
const mounts = (folder: string) => readFileSync('/proc/self/mounts', 'utf8').includes(folder);

/** Processes in whose file of `/proc/PID` that text is, in the first line of `mountinfo`: its root. */
function pidsWith(file: 'cmdline' | 'mountinfo', text: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        return (
          pid > 0 &&
          readFileSync(`/proc/${pid}/${file}`, 'latin1').replaceAll('\0', ' ').split('\n', 1)[0]?.includes(text)
        );
      } catch {
        return false; // It has ended.
      }
    });
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

t.test('the machine of an owner that was killed is removed by the next one', needsSystemd(), async (t) => {
  const script =
    "import { bootMachine } from './ops/sandbox/machine.ts'; await bootMachine({ binds: {} }); console.log('up'); setInterval(() => {}, 1e6);";
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const gone = new Promise((resolve) => owner.once('exit', resolve));
  const up = new Promise((up) => owner.stdout.once('data', () => up(true)));
  if ((await Promise.race([up, gone])) !== true) return t.fail('the machine did not boot');
  const [name = ''] = foldersOf(owner.pid as number);
  const folder = join(tmpdir(), name);
  removeDeadMachines();
  t.ok(mounts(folder), 'a living owner keeps its machine');
  const inside = () => pidsWith('mountinfo', folder);
  t.ok(inside().length > 0);
  const nspawn = () => pidsWith('cmdline', `--directory=${folder}`);
  t.ok(nspawn().length > 0);
  owner.kill('SIGKILL');
  await gone;
  // From here on every test that boots a machine may remove this one. Its systemd outlives systemd-nspawn, and keeps its root.
  for (const pid of nspawn()) killIfThere(pid);
  await until('systemd-nspawn is gone', () => nspawn().length === 0);
  removeDeadMachines();
  t.notOk(existsSync(folder));
  t.notOk(mounts(folder));
  t.ok(await eventually(() => pidsWith('cmdline', folder).length === 0 && inside().length === 0));
});

t.test('a machine closes although what was started in it is stopped, or ignores signals', needsSystemd(), async (t) => {
  const machine = await bootMachine();
  const child = machine.spawn(['sh', '-c', 'trap "" TERM HUP INT; echo up; while :; do sleep 1; done'], 'pipe');
  await new Promise((up) => child.stdout?.once('data', up));
  child.kill('SIGSTOP');
  const ran = machine.run(['sleep', '1000'], { timeoutMs: 600_000 });
  await until('the sleep', async () => (await machine.run(['pgrep', '-x', 'sleep'])).code === 0);
  await machine.close();
  t.not((await ran).code, 0);
  t.notOk(existsSync(`/proc/${machine.pid}/ns`) && mounts(machine.root));
});
