import { join } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { readKernelFile } from './kernel-file.ts';
import { readProcessStat, startTimeOf } from './process.ts';

/** A process of one boot: its id alone may be another's later. */
export interface Owner {
  pid: number;
  /** Clock ticks since boot (proc_pid_stat(5), field 22). */
  start: string;
  boot: string;
}

/** The kernel starts its own init within a second of its boot; a container's starts when the container does. */
const INIT_TICKS = 300;

/**
 * New at each boot: the kernel's boot id. In a container it is the host's, and stays when the container boots again; or
 * systemd-nspawn has put a file of its own over it, which a unit with `ProtectKernelTunables=` does not see. There the start
 * of process 1 tells one boot from the next, to everybody in it.
 */
export function bootId(proc = '/proc'): string {
  const init = startTimeOf(1, proc);
  if (init !== null && Number(init) > INIT_TICKS) return `init ${init}`;
  return readKernelFile(join(proc, 'sys/kernel/random/boot_id')).trim();
}

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
