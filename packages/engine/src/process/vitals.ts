import { readdirSync, readFileSync } from 'node:fs';
import type { Vitals } from '@hybrid-soak/contract/vitals.ts';

/** The heartbeat asks once a second. */
const BEAT_MS = 1000;
const SLOW_MS = 60_000;
/** The kernel walks all pages for it: 5 ms, a quarter of what an engine at rest takes if it were read once a minute. */
const PRIVATE_MS = 300_000;
type OfProcess = Pick<
  Vitals,
  'cpu_usec' | 'heap_bytes' | 'descriptors' | 'descriptor_limit' | 'threads' | 'private_bytes'
>;

/**
 * What the process can say of itself. The files of /proc are read once a minute, private memory each five, or each `everyMs` if
 * that is less; the rest at each call. `brief`: nothing of /proc, which takes several milliseconds.
 */
export function processVitals(everyMs: number): (brief?: boolean) => OfProcess {
  const slow = onceIn(Math.min(everyMs, SLOW_MS), ofProc);
  const memory = onceIn(Math.min(everyMs, PRIVATE_MS), privateBytes);
  return (brief = false) => {
    const { user, system } = process.cpuUsage();
    const cpu_usec = user + system;
    if (brief) return { cpu_usec };
    const private_bytes = memory();
    return { ...slow(), ...(private_bytes === null ? {} : { private_bytes }), cpu_usec };
  };
}

/** Reads again what is older than `ms`, to the nearest beat: one that comes a little early is not to show the value before. */
function onceIn<T>(ms: number, read: () => T): () => T {
  let last: { value: T; atMs: number } | null = null;
  return () => {
    const atMs = performance.now();
    if (last === null || atMs - last.atMs >= ms - BEAT_MS / 2) last = { value: read(), atMs };
    return last.value;
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
    const limit = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
    const threads = /^Threads:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'utf8'));
    return {
      heap_bytes: process.memoryUsage().heapUsed,
      descriptors: readdirSync('/proc/self/fd').length,
      ...(limit === null ? {} : { descriptor_limit: Number(limit[1]) }),
      ...(threads === null ? {} : { threads: Number(threads[1]) }),
    };
  } catch {
    return {};
  }
}
