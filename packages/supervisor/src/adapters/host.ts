import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { available, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { HostCpuReading, HostIoReading, HostMemoryReading } from '@hybrid-soak/contract/sample.ts';
import { readKernelFile } from './kernel-file.ts';

/** USER_HZ of every Linux that Node runs on: proc(5) gives /proc/stat in hundredths of a second. */
const USEC_PER_TICK = 10_000;
const SECTOR_BYTES = 512;

/** Busy time of all CPUs: user, nice, system, irq, softirq and steal of the `cpu` line; idle and iowait are idle. */
export function readHostCpu(proc = '/proc'): HostCpuReading {
  try {
    const text = readKernelFile(join(proc, 'stat'));
    const fields = /^cpu[ \t]+(.+)$/m.exec(text)?.[1]?.trim().split(/\s+/).map(Number);
    if (fields === undefined || fields.some(Number.isNaN)) return unavailable(`${proc}/stat: no cpu line`);
    const [user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0] = fields;
    return available({
      busy_usec: (user + nice + system + irq + softirq + steal) * USEC_PER_TICK,
      cpus: text.match(/^cpu\d+\s/gm)?.length ?? 1,
      idle_usec: (idle + iowait) * USEC_PER_TICK,
    });
  } catch (error) {
    return unavailable((error as Error).message);
  }
}

/** Memory that cannot be had without swapping: MemTotal less MemAvailable of /proc/meminfo (proc(5)). */
export function readHostMemory(proc = '/proc'): HostMemoryReading {
  try {
    const text = readKernelFile(join(proc, 'meminfo'));
    const kib = (name: string) => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(text)?.[1]);
    const [total, free] = [kib('MemTotal'), kib('MemAvailable')];
    if (Number.isNaN(total + free)) return unavailable(`${proc}/meminfo: no MemTotal or MemAvailable`);
    return available({ total_bytes: total * 1024, in_use_bytes: (total - free) * 1024 });
  } catch (error) {
    return unavailable(`${proc}/meminfo: ${errorCode(error)}`);
  }
}

/**
 * Whole disks by `major:minor`: block devices that stand on no other (a dm or md device would count the same bytes again)
 * and on no memory. They are looked for once: a disk that is plugged in later is not the one the engine writes to.
 */
export function wholeDisks(sys = '/sys'): ReadonlySet<string> {
  const found = new Set<string>();
  const root = join(sys, 'block');
  if (!existsSync(root)) return found;
  for (const name of readdirSync(root)) {
    if (/^(loop|ram|zram)\d/.test(name)) continue;
    try {
      const slaves = join(root, name, 'slaves');
      if (existsSync(slaves) && readdirSync(slaves).length > 0) continue;
      found.add(readKernelFile(join(root, name, 'dev')).trim());
    } catch {
      // A device that goes away while it is looked at.
    }
  }
  return found;
}

/**
 * Bytes and operations of the disks since boot, read and written (Documentation/admin-guide/iostats.rst):
 *
 *     259 0 nvme0n1 reads merged sectors ms writes merged sectors ms …
 *
 * Merged requests are counted as operations, as `io.stat` of a cgroup does.
 */
export function readHostIo(disks: ReadonlySet<string>, proc = '/proc'): HostIoReading {
  try {
    let bytes = 0;
    let ops = 0;
    let seen = 0;
    for (const line of readKernelFile(join(proc, 'diskstats')).split('\n')) {
      const [major, minor, , reads, readsMerged, sectorsRead, , writes, writesMerged, sectorsWritten] = line
        .trim()
        .split(/\s+/);
      if (!disks.has(`${major}:${minor}`)) continue;
      seen++;
      ops += Number(reads) + Number(readsMerged) + Number(writes) + Number(writesMerged);
      bytes += (Number(sectorsRead) + Number(sectorsWritten)) * SECTOR_BYTES;
    }
    if (seen === 0 || Number.isNaN(bytes + ops)) return unavailable(`${proc}/diskstats: none of the whole disks in it`);
    return available({ bytes, ops });
  } catch (error) {
    return unavailable(`${proc}/diskstats: ${errorCode(error)}`);
  }
}
