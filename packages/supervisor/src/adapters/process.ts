import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { available, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { ProcessReading } from '@hybrid-soak/contract/sample.ts';

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
  const text = readFileSync(join(proc, String(pid), 'stat'), 'latin1');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return {
    state: fields[0] ?? '',
    cpuUsec: (Number(fields[11]) + Number(fields[12])) * USEC_PER_TICK,
    startTime: fields[19] ?? '',
  };
}

/** Start time of a live process in clock ticks since boot; null if there is no such process, or a zombie. */
export function startTimeOf(pid: number): string | null {
  try {
    const { state, startTime } = readProcessStat(pid);
    return state === 'Z' || startTime === '' ? null : startTime;
  } catch {
    return null;
  }
}

/** CPU time used by a process and its resident memory; of one process alone, not of its children. */
export function readProcess(pid: number, proc = '/proc'): ProcessReading {
  if (pid === 0) return unavailable('the unit has no process now');
  try {
    const { cpuUsec: cpu_usec } = readProcessStat(pid, proc);
    const status = readFileSync(join(proc, String(pid), 'status'), 'latin1');
    const kib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
    if (Number.isNaN(cpu_usec + kib)) return unavailable(`${proc}/${pid}: no times or memory there`);
    return available({ cpu_usec, memory_bytes: kib * 1024 });
  } catch (error) {
    return unavailable(`${proc}/${pid}: ${errorCode(error)}`);
  }
}
