import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { available, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { ProcessReading } from '@hybrid-soak/contract/sample.ts';

/** USER_HZ: proc(5) gives the times of /proc/PID/stat in hundredths of a second. */
const USEC_PER_TICK = 10_000;
/** Fields of /proc/PID/stat counted from the state, the first one after the name: utime and stime. */
const [UTIME, STIME] = [11, 12];

/** CPU time used by a process and its resident memory; of one process alone, not of its children. */
export function readProcess(pid: number, proc = '/proc'): ProcessReading {
  if (pid === 0) return unavailable('the unit has no process now');
  try {
    const stat = readFileSync(join(proc, String(pid), 'stat'), 'latin1');
    // The name stands in parentheses and may hold any character, also these.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const cpu_usec = (Number(fields[UTIME]) + Number(fields[STIME])) * USEC_PER_TICK;
    const status = readFileSync(join(proc, String(pid), 'status'), 'latin1');
    const kib = Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]);
    if (Number.isNaN(cpu_usec + kib)) return unavailable(`${proc}/${pid}: no times or memory there`);
    return available({ cpu_usec, memory_bytes: kib * 1024 });
  } catch (error) {
    return unavailable(`${proc}/${pid}: ${(error as { code?: string }).code}`);
  }
}
