import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { available, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { ProcessReading } from '@hybrid-soak/contract/sample.ts';
import { readKernelFile } from './kernel-file.ts';

/** USER_HZ: proc(5) gives the times of /proc/PID/stat in hundredths of a second. */
const USEC_PER_TICK = 10_000;

export interface ProcessStat {
  /** One letter; `Z` is a zombie. */
  state: string;
  /** User and system time of all threads, microseconds. */
  cpuUsec: number;
  /** Clock ticks since boot: distinguishes a process from a later one with the same id. */
  startTime: string;
}

/**
 * `/proc/PID/stat` (proc(5)): `42 (name) S 1 …`. The name stands in parentheses and may hold any character, also these; the
 * fields are counted from the state, the first one after it. Throws as the file system does if there is no such process.
 */
export function readProcessStat(pid: number, proc = '/proc'): ProcessStat {
  const text = readKernelFile(join(proc, String(pid), 'stat'));
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '',
    cpuUsec: (Number(fields[11]) + Number(fields[12])) * USEC_PER_TICK,
    startTime: fields[19] ?? '',
  };
}

/** Start time of a live process in clock ticks since boot; null if there is no such process, or a zombie. */
export function startTimeOf(pid: number, proc = '/proc'): string | null {
  try {
    const { state, startTime } = readProcessStat(pid, proc);
    return state === 'Z' || startTime === '' ? null : startTime;
  } catch {
    return null;
  }
}

/**
 * What a process and its descendants use: CPU time, resident memory, time that their threads waited for a CPU, bytes read
 * from and written to disks. What cannot be read is null: `/proc/PID/io` is its owner's alone. The waits are read only if asked
 * for: a file for every thread, of no use beside a cgroup's pressure.
 */
export function readProcess(pid: number, withWaits = true, proc = '/proc'): ProcessReading {
  if (pid === 0) return unavailable('the unit has no process now');
  try {
    const family = [pid, ...descendants(pid, proc)];
    const [first, ...others] = family.map((one) =>
      one === pid ? readOne(one, withWaits, proc) : ifAlive(one, withWaits, proc),
    );
    const all = [first, ...others].filter((one) => one !== null && one !== undefined);
    const sum = (of: (one: One) => number) => all.reduce((total, one) => total + of(one), 0);
    const cpu_usec = sum(({ cpuUsec }) => cpuUsec);
    const memory_bytes = sum(({ memory }) => memory);
    if (Number.isNaN(cpu_usec + memory_bytes)) return unavailable(`${proc}/${pid}: no times or memory there`);
    const sumKnown = (of: (one: One) => number | null) =>
      all.some((one) => of(one) === null) ? null : sum((one) => of(one) ?? 0);
    return available({
      cpu_usec,
      memory_bytes,
      run_delay_usec: sumKnown(({ delayUsec }) => delayUsec),
      io_bytes: sumKnown(({ ioBytes }) => ioBytes),
      io_ops: null,
    });
  } catch (error) {
    return unavailable(`${proc}/${pid}: ${errorCode(error)}`);
  }
}

interface One {
  cpuUsec: number;
  memory: number;
  delayUsec: number | null;
  ioBytes: number | null;
}

function readOne(pid: number, withWaits: boolean, proc: string): One {
  const folder = join(proc, String(pid));
  const { cpuUsec } = readProcessStat(pid, proc);
  const kib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(readKernelFile(join(folder, 'status')))?.[1]);
  return { cpuUsec, memory: kib * 1024, delayUsec: withWaits ? runDelay(folder) : null, ioBytes: diskBytes(folder) };
}

/** A descendant may end while it is looked at. */
function ifAlive(pid: number, withWaits: boolean, proc: string): One | null {
  try {
    return readOne(pid, withWaits, proc);
  } catch {
    return null;
  }
}

/** Ids of the children and theirs (`/proc/PID/task/TID/children`, proc(5)); none if the kernel does not have it. */
function descendants(pid: number, proc: string): number[] {
  try {
    const tasks = join(proc, String(pid), 'task');
    const children = readdirSync(tasks).flatMap((tid) =>
      readKernelFile(join(tasks, tid, 'children'))
        .split(' ')
        .filter(Boolean)
        .map(Number),
    );
    return children.flatMap((child) => [child, ...descendants(child, proc)]);
  } catch {
    return [];
  }
}

/** `schedstat` of a thread: time on a CPU, time waiting for one, slices; nanoseconds (Documentation/scheduler/sched-stats.rst). */
function runDelay(folder: string): number | null {
  try {
    const tasks = join(folder, 'task');
    const nanos = readdirSync(tasks).map((tid) => Number(readKernelFile(join(tasks, tid, 'schedstat')).split(' ')[1]));
    return nanos.some(Number.isNaN) ? null : nanos.reduce((sum, ns) => sum + ns, 0) / 1000;
  } catch {
    return null;
  }
}

/** Of a process whose `io` was refused; it is not asked of it again. */
let refused: string | null = null;

function diskBytes(folder: string): number | null {
  if (folder === refused) return null;
  try {
    const text = readKernelFile(join(folder, 'io'));
    const of = (key: string) => Number(new RegExp(`^${key}: (\\d+)$`, 'm').exec(text)?.[1]);
    const bytes = of('read_bytes') + of('write_bytes');
    return Number.isNaN(bytes) ? null : bytes;
  } catch (error) {
    if (errorCode(error) === 'EACCES') refused = folder;
    return null;
  }
}
