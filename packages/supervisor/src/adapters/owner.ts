import { readFileSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { readProcessStat, startTimeOf } from './process.ts';

/** A process of one boot: its id alone may be another's later. */
export interface Owner {
  pid: number;
  /** Clock ticks since boot (proc_pid_stat(5), field 22). */
  start: string;
  boot: string;
}

/** The kernel's boot id; new at each boot. */
export const bootId = (): string => readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();

export const self = (): Owner => ({ pid: process.pid, start: startTimeOf(process.pid) ?? '', boot: bootId() });

export function isAlive({ pid, start, boot }: Owner): boolean {
  if (boot !== bootId()) return false;
  try {
    const { startTime, state } = readProcessStat(pid);
    return startTime === start && state !== 'Z';
  } catch {
    // /proc may hide the processes of other accounts (hidepid); signal 0 does not.
    return exists(pid);
  }
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return errorCode(error) === 'EPERM';
  }
}
