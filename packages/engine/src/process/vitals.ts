import { readdirSync, readFileSync } from 'node:fs';
import type { Vitals } from '@hybrid-soak/contract/heartbeat.ts';

const SLOW_MS = 60_000;
type OfProcess = Pick<
  Vitals,
  'cpu_usec' | 'heap_bytes' | 'descriptors' | 'descriptor_limit' | 'threads' | 'private_bytes'
>;

/**
 * What the process can say of itself. The files of /proc are read once a minute, or each `everyMs` if that is less; the rest at
 * each call.
 */
export function processVitals(everyMs: number): () => OfProcess {
  let slow: OfProcess = {};
  let readMs = Number.NEGATIVE_INFINITY;
  return () => {
    const nowMs = performance.now();
    if (nowMs - readMs >= Math.min(everyMs, SLOW_MS)) {
      readMs = nowMs;
      slow = ofProc();
    }
    const { user, system } = process.cpuUsage();
    return { ...slow, cpu_usec: user + system };
  };
}

/** Memory that is this process's alone (proc_pid_smaps(5)); null if it cannot be read. */
export function privateBytes(): number | null {
  try {
    const memory = readFileSync('/proc/self/smaps_rollup', 'utf8');
    const kib = [...memory.matchAll(/^Private_(?:Clean|Dirty):\s+(\d+) kB/gm)].map(([, n]) => Number(n));
    return kib.reduce((sum, n) => sum + n, 0) * 1024;
  } catch {
    return null;
  }
}

/** proc_pid_limits(5), proc_pid_status(5). What cannot be read is left out. */
function ofProc(): OfProcess {
  try {
    const private_bytes = privateBytes();
    const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    const threads = /^Threads:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return {
      heap_bytes: process.memoryUsage().heapUsed,
      ...(private_bytes === null ? {} : { private_bytes }),
      descriptors: readdirSync('/proc/self/fd').length,
      ...(limit === null ? {} : { descriptor_limit: Number(limit[1]) }),
      ...(threads === null ? {} : { threads: Number(threads[1]) }),
    };
  } catch {
    return {};
  }
}
