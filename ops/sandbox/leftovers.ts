import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { cgroupsHere, ownCgroups, removeCgroups } from './cgroup.ts';

const PREFIX = 'hybrid-sandbox-';

/** Beginning of a machine's folder name: it names the owner, by pid and start time, so that a dead one is known. */
export const machinePrefix = (): string => `${PREFIX}${process.pid}-${startOf(process.pid)}-`;

/** Removes the machines whose owner has died without closing them: processes, mounts, cgroups, folders. */
export function removeDeadMachines(): void {
  // A machine that went away all at once may have left no more than its cgroups.
  const folders = [...readdirSync(tmpdir()), ...cgroupsHere()].map((name) => join(tmpdir(), name));
  for (const folder of new Set([...folders, ...pids().map(machineOf)])) {
    const [, pid, start] = /^hybrid-sandbox-(\d+)-(\d+)-/.exec(basename(folder)) ?? [];
    if (pid !== undefined && startOf(Number(pid)) !== start) removeMachine(folder);
  }
}

/** Folder of the machine that a process runs in, by the overlay that is its root (proc_pid_mountinfo(5)); '' if in none. */
function machineOf(pid: number): string {
  const [root = ''] = read(`/proc/${pid}/mountinfo`).split('\n', 1);
  return /upperdir=(\S+\/hybrid-sandbox-[^/,]+)\/upper/.exec(root)?.[1] ?? '';
}

/** Everything of the machine with that folder. What is gone already, or refuses, is passed over. */
export function removeMachine(folder: string): void {
  const cgroups = ownCgroups(basename(folder));
  killAll(folder);
  for (const path of [join(folder, 'merged'), folder]) spawnSync('umount', ['-l', path], { stdio: 'ignore' });
  try {
    // Not a recursive removal: if a mount has stayed, that would empty it.
    rmdirSync(folder);
  } catch {
    // Another run removes it at the same moment, or the next one will.
  }
  removeCgroups(cgroups);
}

/** systemd-nspawn, which is known by its --directory, and all that runs in the machine, which may have outlived it. */
function killAll(folder: string): void {
  for (const pid of pids().filter((pid) => machineOf(pid) === folder)) kill(pid);
  for (const pid of pids().filter((pid) => commandOf(pid).includes(`--directory=${folder}/`))) kill(pid);
}

/** Kills a process and everything below it, the deepest first; a stopped parent cannot hold on to them. */
export function killTree(pid: number): void {
  for (const child of childrenOf(pid)) killTree(child);
  kill(pid);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}

export function childrenOf(pid: number): number[] {
  const text = read(`/proc/${pid}/task/${pid}/children`);
  return text
    .trim()
    .split(' ')
    .map(Number)
    .filter((child) => child > 0);
}

const pids = () =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);

const commandOf = (pid: number) => read(`/proc/${pid}/cmdline`).replaceAll('\0', ' ');

/** Field 22 of proc_pid_stat(5); undefined if there is no such process. */
function startOf(pid: number): string | undefined {
  const stat = read(`/proc/${pid}/stat`);
  return stat === '' ? undefined : stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
