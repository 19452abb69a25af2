import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { Account } from '../../adapters/drop-root.ts';
import { isLeaking, type Leaking } from '../../adapters/proof-drop-in.ts';
import type { RootRequest } from '../../adapters/root-parent.ts';
import { dropped } from '../../install/dropped.ts';
import { writeDropIn } from '../../unit/drop-in.ts';

const ENGINE_ACCOUNT = 'hybrid-engine';
/** What the proofs do to an engine. */
const SIGNALS = ['SIGTERM', 'SIGKILL', 'SIGSTOP', 'SIGCONT', 'SIGSEGV'];
/** The files of a proof's own database. */
const SCRATCH = /^proof-[0-9a-f]{8}\.db(-wal|-shm|\.lock|\.lock-journal)?$/;

/**
 * Runs this command again in a child that is the supervisor's account. What stays root does three things alone for the child: it
 * sends a signal to a process of the engine's unit, removes, as the engine's account, the database of a proof, and gives the unit
 * the drop-in of the proof of drift, whose text is its own. Does not return.
 */
export async function asRootParent({ name, uid, gid, home }: Account, unit: string): Promise<never> {
  const flags = [`--reuid=${uid}`, `--regid=${gid}`, '--init-groups', '--'];
  const child = spawn('setpriv', [...flags, process.execPath, ...process.execArgv, ...process.argv.slice(1)], {
    env: { ...process.env, HOME: home, USER: name, LOGNAME: name },
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
  });
  let dropIn: Promise<unknown> | null = null;
  const change = (leaking: Leaking | null) => {
    dropIn = (dropIn ?? Promise.resolve()).then(() => writeDropIn('system', unit, leaking));
  };
  child.on('message', (message) => serve(message as RootRequest, unit, change));
  // A terminal's Ctrl-C reaches the child by itself.
  process.on('SIGINT', () => {});
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  process.on('SIGHUP', () => child.kill('SIGHUP'));
  const disconnected = new Promise((resolve) => child.once('disconnect', resolve));
  const code = await new Promise<number>((resolve) => {
    child.once('error', () => resolve(SOAK_EXIT.BUG));
    child.once('exit', (exitCode) => resolve(exitCode ?? SOAK_EXIT.BUG));
  });
  // Its last requests may still be on their way.
  if (child.connected) await disconnected;
  if (dropIn !== null) {
    // However the child has ended.
    change(null);
    await dropIn;
  }
  process.exit(code);
}

/** The child is another account's process: what it asks for is checked, not trusted. */
function serve(
  request: { signal?: string; pid?: number; remove?: string; leaking?: unknown },
  unit: string,
  change: (leaking: Leaking | null) => void,
): void {
  const { signal, pid, remove, leaking } = request;
  if (leaking === null || isLeaking(leaking)) change(leaking);
  if (typeof remove === 'string' && SCRATCH.test(basename(remove))) dropped(ENGINE_ACCOUNT, ['rm', '-f', '--', remove]);
  if (Number.isSafeInteger(pid) && SIGNALS.includes(signal as string) && isOf(unit, pid as number))
    process.kill(pid as number, signal);
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
