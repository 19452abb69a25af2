import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { Account } from '../adapters/drop-root.ts';
import type { SignalRequest } from '../adapters/signal-process.ts';

/** What the proofs do to an engine. */
const SIGNALS = ['SIGTERM', 'SIGKILL', 'SIGSTOP', 'SIGCONT', 'SIGSEGV'];

/**
 * `soak prove` in a child that is the supervisor's account. What stays root does one thing alone: it sends a signal, for the
 * child, to a process of the engine's unit, whose account is another one. Does not return.
 */
export async function proveAs({ name, uid, gid, home }: Account, unit: string): Promise<never> {
  const flags = [`--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--'];
  const child = spawn('setpriv', [...flags, process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, HOME: home, USER: name, LOGNAME: name },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  child.on('message', (message) => {
    const { pid, signal } = message as Partial<SignalRequest>;
    if (Number.isSafeInteger(pid) && SIGNALS.includes(signal as string) && isOf(unit, pid as number))
      process.kill(pid as number, signal);
  });
  // A terminal's Ctrl-C reaches the child by itself.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  const code = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(SOAK_EXIT.BUG));
    child.once('exit', (exitCode) => resolve(exitCode ?? SOAK_EXIT.BUG));
  });
  process.exit(code);
}

/** Whether a process is in the cgroup of that system unit (cgroups(7), /proc/PID/cgroup). */
function isOf(unit: string, pid: number): boolean {
  try {
    return readFileSync(`/proc/${pid}/cgroup`, 'latin1')
      .split('\n')
      .some((line) => line.endsWith(`/${unit}`));
  } catch {
    return false; // It has ended.
  }
}
