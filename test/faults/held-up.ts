import { readdirSync, readFileSync } from 'node:fs';

/**
 * Milliseconds for which a machine has kept a process from being done with its work, at most: the CPU time of its threads and their
 * waits for a CPU (https://docs.kernel.org/scheduler/sched-stats.html), and the time that anything on the host waited for a disk
 * or for memory.
 */
export const heldUpMs = (pid: number | undefined): number =>
  threadsMs(`/proc/${pid}/task`) + stallMs('io') + stallMs('memory');

function threadsMs(folder: string): number {
  const threads = entries(folder).map((thread) => read(`${folder}/${thread}/schedstat`).split(' ').map(Number));
  return threads.reduce((sum, [ran = 0, waited = 0]) => sum + (ran + waited) / 1e6, 0);
}

/** 0 on a kernel without PSI. */
const stallMs = (resource: string): number =>
  Number(/^some .*total=(\d+)/m.exec(read(`/proc/pressure/${resource}`))?.[1] ?? 0) / 1000;

function entries(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return []; // It has ended.
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
