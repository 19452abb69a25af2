import { type ChildProcess, type StdioOptions, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { makeCgroups } from './cgroup.ts';
import { childrenOf, killTree, machinePrefix, removeDeadMachines, removeMachine } from './leftovers.ts';

const REPOSITORY = resolve(import.meta.dirname, '../..');
/** Where the repository stands in the machine: out of /root and /home, which the unit cannot see. */
export const INSIDE = '/srv/hybrid-soak';
export const STATE = '/var/lib/hybrid-soak';

export interface Ran {
  code: number;
  stdout: string;
  stderr: string;
}

/** A throwaway machine that booted with a real systemd, the unit installed in it. */
export interface Machine {
  /** Process id of its systemd, for nsenter(1); another one after each boot. */
  readonly pid: number;
  /** Its root folder as this machine sees it. */
  root: string;
  /** Runs a command in it, in the unit's working directory; never throws. */
  run(command: string[], options?: { timeoutMs?: number; env?: Record<string, string> }): Promise<Ran>;
  /** The same, without waiting for its end. */
  spawn(command: string[], stdio?: 'inherit' | 'ignore' | 'pipe'): ChildProcess;
  /** Kills everything in it at once, as a loss of power does (what was written and not synced stays, though). */
  cutPower(): Promise<void>;
  /** Powers it off in good order: every unit is stopped first. */
  shutDown(): Promise<void>;
  /** After either: boots again on the same root, as far as multi-user.target. Rejects if it does not boot. */
  powerOn(): Promise<void>;
  /** Ends what was started in it, powers it off and removes its folders. */
  close(): Promise<void>;
}

/** Why no such machine can be had here; null where one can. */
export function whyNoMachine(): string | null {
  if (process.getuid?.() !== 0) return 'needs root; valid: sudo';
  if (spawnSync('systemd-nspawn', ['--version']).error)
    return 'systemd-nspawn is not installed (Debian: systemd-container)';
  return null;
}

/** What a machine is given; without it, the checkout is installed in it by `soak install --link`. */
export interface Furnished {
  /** Folders of this side by where they are, read-only, in the machine. */
  binds: Record<string, string>;
  /** A folder whose content is laid over the root before the boot; the installation is part of it. */
  layer?: string;
  /** Otherwise: the command that installs. */
  install?: string[];
  /** Environment of the commands that are run in it. */
  env?: Record<string, string>;
}

const CHECKOUT: Furnished = {
  binds: {},
  install: [`${INSIDE}/packages/supervisor/bin/soak`, 'install', '--link', INSIDE],
};

/**
 * Boots one: an overlay over this machine's root with a tmpfs on top, so that nothing here changes, and the repository
 * bound read-only. Rejects with what went wrong, everything taken away again.
 */
export async function bootMachine({ binds, layer, install, env }: Furnished = CHECKOUT): Promise<Machine> {
  removeDeadMachines();
  const folder = mkdtempSync(join(tmpdir(), machinePrefix()));
  const merged = join(folder, 'merged');
  must('mount', ['-t', 'tmpfs', 'tmpfs', folder]);
  for (const name of ['upper', 'work', 'merged']) mkdirSync(join(folder, name));
  maskGenerators(join(folder, 'upper'));
  // Copied: the kernel refuses two layers of which one is below the other.
  if (layer !== undefined) must('cp', ['-a', `${layer}/.`, join(folder, 'upper')]);
  const overlay = `lowerdir=/,upperdir=${folder}/upper,workdir=${folder}/work`;
  must('mount', ['-t', 'overlay', 'overlay', '-o', overlay, merged]);
  // An owner that ends takes the machine with it; one that is killed leaves it to the next owner.
  const orphaned = () => removeMachine(folder);
  process.once('exit', orphaned);
  const started = new Set<ChildProcess>();
  let box = powered(folder, 'basic.target', binds);
  let pid = 0;
  const close = async () => {
    process.off('exit', orphaned);
    for (const child of started) await ended(child);
    await powerOff(box.container, CLOSE_MS);
    removeMachine(folder);
  };
  try {
    pid = await booted(box);
    const machine = inside(() => pid, merged, started, env, {
      close,
      cutPower: () => cut(box.container, pid),
      shutDown: () => powerOff(box.container, SHUT_DOWN_MS),
      async powerOn() {
        box = powered(folder, 'multi-user.target', binds);
        pid = await booted(box);
      },
    });
    const installed = install === undefined ? null : await machine.run(install);
    if (installed !== null && installed.code !== 0) throw new Error(`nothing was installed: ${installed.stderr}`);
    return machine;
  } catch (error) {
    await close();
    throw error;
  }
}

const GENERATORS = 'usr/lib/systemd/system-generators';

/**
 * What makes units of disks, terminals, init scripts and databases at each boot and reload (systemd.generator(7)) is off: a machine
 * has none of them, and they are half of what a reload costs.
 */
function maskGenerators(upper: string): void {
  if (!existsSync(join('/', GENERATORS))) return;
  const masks = join(upper, 'etc/systemd/system-generators');
  mkdirSync(masks, { recursive: true });
  for (const name of readdirSync(join('/', GENERATORS))) symlinkSync('/dev/null', join(masks, name));
}

interface Powered {
  container: ChildProcess;
  /** The end of what it has printed. */
  said(): string;
}

/** systemd-nspawn on the machine's root, on its way to `target`. */
function powered(folder: string, target: string, binds: Furnished['binds']): Powered {
  const cgroups = makeCgroups(basename(folder));
  const container = spawn(
    'sh',
    [
      ...['-c', 'for group in $CGROUPS; do echo $$ > "$group/cgroup.procs"; done; exec systemd-nspawn "$@"', 'sh'],
      '--quiet',
      '--register=no',
      '--keep-unit',
      '--boot',
      '--link-journal=no',
      '--console=pipe',
      `--directory=${join(folder, 'merged')}`,
      `--machine=hybrid-${process.pid}-${Date.now() % 100_000}`,
      `--bind-ro=${REPOSITORY}:${INSIDE}`,
      ...Object.entries(binds).map(([inside, outside]) => `--bind-ro=${outside}:${inside}`),
      '--private-network',
      `systemd.unit=${target}`,
    ],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: '1', CGROUPS: cgroups.join(' ') },
      detached: true,
    },
  );
  let said = '';
  for (const stream of [container.stdout, container.stderr])
    stream?.on('data', (data) => {
      said = (said + data).slice(-4000);
    });
  return { container, said: () => said };
}

/** The process id of its systemd once basic.target is active. */
async function booted({ container, said }: Powered): Promise<number> {
  const deadline = performance.now() + 300_000;
  for (;;) {
    if (container.exitCode !== null) throw new Error(`systemd-nspawn ended with ${container.exitCode}\n${said()}`);
    const pid = firstChild(container.pid as number);
    if (pid !== null) {
      const ask = ['-t', String(pid), '-a', '--', 'systemctl', 'is-active', 'basic.target'];
      const { stdout } = await finished(spawn('nsenter', ask, { stdio: READ }), 5000);
      if (stdout === 'active') return pid;
    }
    if (performance.now() > deadline) throw new Error(`the machine did not boot within 300 s\n${said()}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

type Power = Pick<Machine, 'close' | 'cutPower' | 'shutDown' | 'powerOn'>;

function inside(
  pid: () => number,
  root: string,
  started: Set<ChildProcess>,
  own: Furnished['env'],
  power: Power,
): Machine {
  const tracked = <T extends ChildProcess>(child: T): T => {
    started.add(child);
    child.once('exit', () => started.delete(child));
    return child;
  };
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    TERM: process.env['TERM'] ?? 'dumb',
    ...own,
  };
  const script = `cd ${STATE} 2>/dev/null || cd /; exec "$@"`;
  const argv = (command: string[]) => ['-t', String(pid()), '-a', '--', 'sh', '-c', script, 'sh', ...command];
  // Nothing of this side's environment reaches in, also not what a test runner adds to every child's.
  const start = (command: string[], stdio: StdioOptions, more: Record<string, string> = {}) =>
    tracked(spawn('nsenter', argv(command), { stdio, env: { ...env, ...more } }));
  return {
    get pid() {
      return pid();
    },
    root,
    run: (command, { timeoutMs = 500_000, env: more } = {}) => finished(start(command, READ, more), timeoutMs),
    spawn: (command, stdio = 'ignore') => start(command, stdio),
    ...power,
  };
}

const READ: StdioOptions = ['ignore', 'pipe', 'pipe'];

/** Its end and what it has printed, without the last newline; past the time it is killed. -1: it had no exit code. */
async function finished(child: ChildProcess, withinMs: number): Promise<Ran> {
  const said = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const)
    child[name]?.setEncoding('utf8').on('data', (text) => {
      said[name] += text;
    });
  const late = setTimeout(() => killTree(child.pid as number), withinMs);
  const code = await new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  clearTimeout(late);
  const [stdout, stderr] = [said.stdout, said.stderr].map((text) => text.replace(/\n$/, ''));
  return { code: code ?? -1, stdout: stdout as string, stderr: stderr as string };
}

function firstChild(pid: number): number | null {
  try {
    const [child] = childrenOf(pid);
    return child !== undefined && readFileSync(`/proc/${child}/comm`, 'latin1').trim() === 'systemd' ? child : null;
  } catch {
    return null;
  }
}

/**
 * Kills what nsenter(1) runs, and nsenter. At power-off systemd-shutdown stops every process of its namespace; nsenter, outside
 * of it, stops with its child and is continued by nobody, so that the machine would wait for that child for ever.
 */
async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  killTree(child.pid);
  await gone;
}

/**
 * systemd first: its death ends every process of its pid namespace, and is complete when they have all ended
 * (pid_namespaces(7)). systemd-nspawn may be gone before that, while one of them still writes.
 */
async function cut(container: ChildProcess, systemd: number): Promise<void> {
  if (container.exitCode !== null || container.signalCode !== null) return;
  const gone = new Promise((resolve) => container.once('exit', resolve));
  killTree(container.pid as number);
  await gone;
  while (isAlive(systemd)) await new Promise((resolve) => setTimeout(resolve, 10));
}

/** Neither gone nor a zombie, proc_pid_stat(5). */
function isAlive(pid: number): boolean {
  try {
    return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** A machine that is removed has nothing left to save. */
const CLOSE_MS = 20_000;
/** Longer than systemd gives any unit, on any host: what its units do as they stop is what is looked at afterwards. */
const SHUT_DOWN_MS = 300_000;

/** SIGTERM makes systemd-nspawn ask its systemd for an orderly power-off; after `withinMs` both are killed. */
async function powerOff(container: ChildProcess, withinMs: number): Promise<void> {
  if (container.exitCode !== null || container.signalCode !== null) return;
  const gone = new Promise((resolve) => container.once('exit', resolve));
  container.kill('SIGTERM');
  const kill = setTimeout(() => killTree(container.pid as number), withinMs);
  await gone;
  clearTimeout(kill);
}

function must(command: string, args: string[]): void {
  const { status, stderr } = spawnSync(command, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr.trim()}`);
}
