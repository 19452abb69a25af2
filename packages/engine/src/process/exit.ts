import { libc } from './libc.ts';

/**
 * Ends the process with this code. `process.exit` waits for the other threads: one that is stuck in a system call (a full pipe
 * that is not read, a dead disk, a name server that does not answer) would keep the process for ever.
 */
export async function exitNow(code: number): Promise<never> {
  try {
    const { _exit } = await libc();
    _exit(code);
  } catch {
    // No libc that can be called: better late than never.
  }
  process.exit(code);
}

/** The promise's value, or null after `ms`. */
export async function within<T>(ms: number, promise: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => {
    timer = setTimeout(() => resolve(null), ms);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}
