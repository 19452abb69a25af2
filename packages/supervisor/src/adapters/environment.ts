import { readFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, hostname, release, totalmem } from 'node:os';

/** The machine that a soak runs on, for readers of its report elsewhere. */
export function environment(): Record<string, string | number> {
  return {
    host: hostname(),
    system: distribution(),
    kernel: release(),
    architecture: arch(),
    cpu: cpus()[0]?.model ?? 'unknown',
    cpus: availableParallelism(),
    memory_mib: Math.round(totalmem() / 1024 / 1024),
    node: process.version,
  };
}

/** PRETTY_NAME of os-release(5). */
function distribution(): string {
  try {
    return /^PRETTY_NAME="?([^"\n]*)"?$/m.exec(readFileSync('/etc/os-release', 'utf8'))?.[1] ?? 'unknown';
  } catch {
    return 'unknown';
  }
}
