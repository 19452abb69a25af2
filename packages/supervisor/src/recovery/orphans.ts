import { readdirSync, readFileSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import type { Known, RunState } from '@hybrid-soak/contract/run-state.ts';
import { monotonicMs } from '../adapters/clock.ts';
import { startTimeOf } from '../adapters/process.ts';
import { RUN_VARIABLE } from '../unit/embedded-process.ts';

/** Processes of a run that would outlive it: an embedded engine, and what a proof started. */
export function orphansOf(state: RunState): Known[] {
  const named = [...(state.helpers ?? []), ...(state.embedded === null ? [] : [state.embedded])];
  return state.manager === 'embedded' ? [...named, ...engineOf(state.run_id)] : named;
}

/** A kill between the engine's start and the state's next save leaves it unnamed; its environment names the run. */
function engineOf(runId: string): Known[] {
  return readdirSync('/proc').flatMap((name) => {
    const start_time = /^\d+$/.test(name) && startedBy(name, runId) ? startTimeOf(Number(name)) : null;
    return start_time === null ? [] : [{ pid: Number(name), start_time }];
  });
}

function startedBy(pid: string, runId: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${RUN_VARIABLE}=${runId}`);
  } catch {
    return false; // It has ended, or is another account's.
  }
}

/** Asks a process of a supervisor that is gone to end; false if it is gone too. It leads a process group of its own. */
export function stopOrphan({ pid, start_time }: Known): boolean {
  if (startTimeOf(pid) !== start_time) return false;
  signalGroup(pid, 'SIGTERM');
  signalGroup(pid, 'SIGCONT');
  return true;
}

/** A process that has just been started may end at the first signal, before the next. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

const ORPHAN_PATIENCE_MS = 30_000;

/** Two engines must never write one database: waits until the orphan has drained, and kills it past its time. */
export async function orphanGone(orphan: Known): Promise<void> {
  if (!stopOrphan(orphan)) return;
  const { pid, start_time } = orphan;
  const until = monotonicMs() + ORPHAN_PATIENCE_MS;
  while (startTimeOf(pid) === start_time) {
    if (monotonicMs() > until) signalGroup(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
