import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { parsePsi } from '@hybrid-soak/contract/psi.ts';
import { available, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { CgroupReading, HostCpuReading } from '@hybrid-soak/contract/sample.ts';

/** USER_HZ of every Linux that Node runs on: proc(5) gives /proc/stat in hundredths of a second. */
const USEC_PER_TICK = 10_000;

/**
 * The unit's own cgroup (v2): pressure, `cpu.stat`, `memory.current` (Documentation/admin-guide/cgroup-v2.rst). `group` is
 * systemd's ControlGroup, `/hybrid.slice/hybrid-engine.service`.
 */
export function readCgroup(group: string | null, root = '/sys/fs/cgroup'): CgroupReading {
  if (group === null || group === '') return unavailable('the unit has no control group now');
  const base = existsSync(join(root, 'cgroup.controllers')) ? root : join(root, 'unified');
  const folder = join(base, group);
  if (!existsSync(join(folder, 'cpu.stat'))) return unavailable(`${folder}: no cgroup v2 there`);
  try {
    const stat = keyValues(readFileSync(join(folder, 'cpu.stat'), 'latin1'));
    const psi = (name: string) => {
      try {
        return parsePsi(readFileSync(join(folder, `${name}.pressure`), 'latin1'));
      } catch (error) {
        return unavailable(`${name}.pressure: ${errorCode(error)}`);
      }
    };
    const usage = stat.get('usage_usec');
    if (usage === undefined) return unavailable(`${folder}/cpu.stat: no usage_usec`);
    return available({
      cpu: psi('cpu'),
      memory: psi('memory'),
      io: psi('io'),
      usage_usec: usage,
      nr_throttled: stat.get('nr_throttled') ?? null,
      throttled_usec: stat.get('throttled_usec') ?? null,
      memory_bytes: memoryOf(folder),
    });
  } catch (error) {
    return unavailable(`${folder}: ${(error as Error).message}`);
  }
}

/** Busy time of all CPUs: user, nice, system, irq, softirq and steal of the `cpu` line; idle and iowait are not busy. */
export function readHostCpu(proc = '/proc'): HostCpuReading {
  try {
    const text = readFileSync(join(proc, 'stat'), 'latin1');
    const fields = /^cpu[ \t]+(.+)$/m.exec(text)?.[1]?.trim().split(/\s+/).map(Number);
    if (fields === undefined || fields.some(Number.isNaN)) return unavailable(`${proc}/stat: no cpu line`);
    const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0, steal = 0] = fields;
    const busy = (user + nice + system + irq + softirq + steal) * USEC_PER_TICK;
    return available({ busy_usec: busy, cpus: text.match(/^cpu\d+\s/gm)?.length ?? 1 });
  } catch (error) {
    return unavailable((error as Error).message);
  }
}

function memoryOf(folder: string): number | null {
  try {
    return Number(readFileSync(join(folder, 'memory.current'), 'latin1'));
  } catch {
    return null; // The memory controller is not enabled for this cgroup.
  }
}

function keyValues(text: string): Map<string, number> {
  return new Map(
    [...text.matchAll(/^[ \t]*(\w+)[ \t]+(\d+)[ \t]*\r?$/gm)].map(([, key, value]) => [key as string, Number(value)]),
  );
}
