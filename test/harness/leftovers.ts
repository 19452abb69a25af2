import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Name of the environment variable that every process of a test run inherits; its value is the run. */
export const RUN = 'HYBRID_SOAK_TEST_RUN';

const NAMESPACE = readlinkSync('/proc/self/ns/pid').replace(/\D/g, '');

export interface Leftover {
  pid: number;
  command: string;
}

/** Pids below `/proc`. */
const pids = (): number[] =>
  readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0);

/**
 * Living processes that belong to a run, by the environment they were started with (proc_pid_environ(5)); `isOurs` gets the
 * run's name. Processes of other users cannot be read and are left out, and so is this process.
 */
export function leftovers(isOurs: (run: string) => boolean): Leftover[] {
  return pids().flatMap((pid) => {
    const run = pid === process.pid ? null : runOf(pid);
    return run !== null && isOurs(run) ? [{ pid, command: commandOf(pid) }] : [];
  });
}

function runOf(pid: number): string | null {
  const entries = read(`/proc/${pid}/environ`)?.split('\0') ?? [];
  const mark = entries.find((entry) => entry.startsWith(`${RUN}=`));
  return mark === undefined || isZombie(pid) ? null : mark.slice(RUN.length + 1);
}

/**
 * Names a run: the pid of its runner, when that started (field 22 of proc_pid_stat(5)), since pids are reused, and the pid
 * namespace, since a container's processes are seen from its host with other pids.
 */
export const runName = (pid: number): string => `${pid}.${startOf(pid) ?? ''}.${NAMESPACE}`;

/** Whether the runner of that run is known to be dead. */
export function ownerIsDead(run: string): boolean {
  const [pid, , namespace] = run.split('.');
  return namespace === NAMESPACE && (startOf(Number(pid)) === null || runName(Number(pid)) !== run);
}

/** Children of a process, and theirs; the deepest last. */
export function descendants(pid: number): number[] {
  const parents = pids().map((child) => [child, Number(statFields(child)?.[1] ?? 0)] as const);
  const below = (parent: number): number[] =>
    parents.filter(([, of]) => of === parent).flatMap(([child]) => [child, ...below(child)]);
  return below(pid);
}

/** CPU time of a process and of its children that have ended, seconds (fields 14 to 17 of proc_pid_stat(5), in hundredths). */
export const cpuSecondsOf = (pid: number): number =>
  (statFields(pid) ?? []).slice(11, 15).reduce((sum, field) => sum + Number(field) / 100, 0);

export const commandOf = (pid: number): string =>
  (read(`/proc/${pid}/cmdline`) ?? '').split('\0').join(' ').trim().slice(0, 200);

export function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
}

const isZombie = (pid: number): boolean => statFields(pid)?.[0] === 'Z';
const startOf = (pid: number): string | null => statFields(pid)?.[19] ?? null;

/** Fields of proc_pid_stat(5) from the third on: state, parent, … The second, the name, may hold spaces and parentheses. */
function statFields(pid: number): string[] | null {
  const stat = read(`/proc/${pid}/stat`);
  return stat === null ? null : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return null; // The process has ended, or is another user's.
  }
}
