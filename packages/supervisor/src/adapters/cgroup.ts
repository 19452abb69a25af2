import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { parsePsi } from '@hybrid-soak/contract/psi.ts';
import { available, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { CgroupReading } from '@hybrid-soak/contract/sample.ts';
import { readKernelFile } from './kernel-file.ts';

/**
 * The unit's own cgroup (v2): pressure, `cpu.stat`, `memory.*`, `io.stat` (Documentation/admin-guide/cgroup-v2.rst). `group` is
 * systemd's ControlGroup, `/hybrid.slice/hybrid-engine.service`; `disks` are the whole disks by `major:minor`.
 */
export function readCgroup(
  group: string | null,
  root = '/sys/fs/cgroup',
  disks: ReadonlySet<string> = new Set(),
): CgroupReading {
  if (group === null || group === '') return unavailable('the unit has no control group now');
  const base = existsSync(join(root, 'cgroup.controllers')) ? root : join(root, 'unified');
  const folder = join(base, group);
  if (!existsSync(join(folder, 'cpu.stat'))) return unavailable(`${folder}: no cgroup v2 there`);
  try {
    const stat = keyValues(readKernelFile(join(folder, 'cpu.stat')));
    const psi = (name: string) => {
      try {
        return parsePsi(readKernelFile(join(folder, `${name}.pressure`)));
      } catch (error) {
        return unavailable(`${name}.pressure: ${errorCode(error)}`);
      }
    };
    const usage = stat.get('usage_usec');
    if (usage === undefined) return unavailable(`${folder}/cpu.stat: no usage_usec`);
    const current = memoryOf(folder, 'memory.current');
    return available({
      cpu: psi('cpu'),
      memory: psi('memory'),
      io: psi('io'),
      usage_usec: usage,
      nr_throttled: stat.get('nr_throttled') ?? null,
      throttled_usec: stat.get('throttled_usec') ?? null,
      memory_bytes: current,
      memory_max_bytes: memoryOf(folder, 'memory.max'),
      ...memoryParts(folder, current),
      ...ioOf(folder, disks),
    });
  } catch (error) {
    return unavailable(`${folder}: ${(error as Error).message}`);
  }
}

/**
 * In use is what the group could not give back without swapping: its memory less page cache and reclaimable slab, as
 * MemAvailable counts them; `shmem` is page cache that cannot be given back. Held is what its processes hold themselves.
 */
function memoryParts(
  folder: string,
  current: number | null,
): { memory_in_use_bytes: number | null; memory_held_bytes: number | null } {
  const none = { memory_in_use_bytes: null, memory_held_bytes: null };
  if (current === null) return none;
  try {
    const stat = keyValues(readKernelFile(join(folder, 'memory.stat')));
    const of = (key: string) => stat.get(key) ?? 0;
    return {
      memory_in_use_bytes: Math.max(0, current - (of('file') - of('shmem')) - of('slab_reclaimable')),
      // `kernel` has been there since Linux 5.18; before it the stacks and page tables were told apart.
      memory_held_bytes:
        of('anon') + (stat.get('kernel') ?? of('kernel_stack') + of('pagetables') + of('slab_unreclaimable')),
    };
  } catch {
    return none;
  }
}

/** `io.stat`: `259:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0`, a device a line. */
function ioOf(folder: string, disks: ReadonlySet<string>): { io_bytes: number | null; io_ops: number | null } {
  try {
    let bytes = 0;
    let ops = 0;
    for (const line of readKernelFile(join(folder, 'io.stat')).split('\n')) {
      if (!disks.has(line.slice(0, line.indexOf(' ')))) continue;
      const of = (key: string) => Number(new RegExp(` ${key}=(\\d+)`).exec(line)?.[1] ?? 0);
      bytes += of('rbytes') + of('wbytes');
      ops += of('rios') + of('wios');
    }
    return { io_bytes: bytes, io_ops: ops };
  } catch {
    return { io_bytes: null, io_ops: null }; // The io controller is not enabled for this cgroup.
  }
}

/** Null also for the limit `max`. */
function memoryOf(folder: string, file: string): number | null {
  try {
    const bytes = Number(readKernelFile(join(folder, file)));
    return Number.isNaN(bytes) ? null : bytes;
  } catch {
    return null; // The memory controller is not enabled for this cgroup.
  }
}

function keyValues(text: string): Map<string, number> {
  return new Map(
    [...text.matchAll(/^[ \t]*(\w+)[ \t]+(\d+)[ \t]*\r?$/gm)].map(([, key, value]) => [key as string, Number(value)]),
  );
}
