import { closeSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { type Psi, parsePsi } from '@hybrid-soak/contract/psi.ts';
import { type Reading, unavailable } from '@hybrid-soak/contract/reading.ts';

const buffer = Buffer.alloc(512);

/** One pressure file, its descriptor kept open and read at offset 0; opened again after an error. */
export function pressureFile(path: string): { read(): Reading<Psi>; close(): void } {
  let fd: number | null = null;
  const close = () => {
    if (fd !== null) closeSync(fd);
    fd = null;
  };
  return {
    read() {
      try {
        fd ??= openSync(path, 'r');
        return parsePsi(buffer.toString('latin1', 0, readSync(fd, buffer, 0, buffer.length, 0)));
      } catch (error) {
        close();
        return unavailable(`${path}: ${psiHint(error)}`);
      }
    },
    close,
  };
}

/** The host's three pressure files under `/proc` (or a folder that stands in for it). */
export function hostPressure(proc = '/proc') {
  const files = {
    cpu: pressureFile(join(proc, 'pressure/cpu')),
    memory: pressureFile(join(proc, 'pressure/memory')),
    io: pressureFile(join(proc, 'pressure/io')),
  };
  return { read: () => ({ cpu: files.cpu.read(), memory: files.memory.read(), io: files.io.read() }) };
}

/** psi=0 on the kernel's command line shows as EOPNOTSUPP, a kernel without PSI as a missing file. */
function psiHint(error: unknown): string {
  const { message } = error as Error;
  const code = errorCode(error);
  if (code === 'EOPNOTSUPP' || code === 'ENOTSUP') return 'PSI is switched off (kernel parameter psi=0)';
  if (code === 'ENOENT') return 'no such file: a kernel without PSI, or a hidden /proc';
  return code ?? message;
}
