import { existsSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { monotonicMs } from '../adapters/clock.ts';
import { startTimeOf } from '../adapters/process.ts';
import { Stop } from '../stop.ts';
import { systemdUnit } from '../unit/systemd.ts';
import { placedAt, removeUserUnit } from '../unit/user-unit.ts';
import { removeScratch, restoreConfig } from './config.ts';
import { type Known, loadRunState, type RunState, removeRunState } from './run-state.ts';

/** Puts back what an earlier run left; false where there is nothing. The state file goes last. */
export async function recover(path: string): Promise<boolean> {
  const state = loadRunState(path);
  if (state === null) return false;
  for (const orphan of orphans(state)) await orphanGone(orphan);
  await recoverNested(state);
  const changed = restoreConfig(state);
  if (state.manager === 'user' && existsSync(placedAt(state.unit))) {
    // It was placed for that soak alone.
    await systemdUnit('user', state.unit, 'restore').stop();
    await removeUserUnit(state.unit);
  } else if (state.manager !== 'embedded') {
    const unit = systemdUnit(state.manager, state.unit, 'restore');
    const running = state.leave === 'as-found' ? state.was_running : state.leave === 'running';
    const outcome = !running ? await unit.stop() : changed ? await unit.restart() : await unit.start();
    if (!outcome.ok) throw new Stop(SOAK_EXIT.FAIL, `the config is restored, ${state.unit} is not: ${outcome.error}`);
  }
  removeScratch(state);
  removeRunState(path);
  return true;
}

/**
 * What the soaks of a proof left, whose config is the proof's own. A failure is not the last word: the unit is the same, and
 * to put that back comes next.
 */
export async function recoverNested({ nested = [] }: RunState): Promise<void> {
  for (const path of nested) await recover(path).catch(() => {});
}

/** What a second signal still does, synchronously: the config, and the engine that this process would orphan. */
export function restoreNow(path: string, state: RunState): void {
  restoreConfig(state);
  for (const orphan of orphans(state)) stopOrphan(orphan);
  if (state.manager !== 'embedded' || state.scratch !== undefined) return;
  removeRunState(path);
}

const orphans = ({ embedded, helpers = [] }: RunState): Known[] =>
  embedded === null ? helpers : [...helpers, embedded];

/** Asks a process of a supervisor that is gone to end; false where it is no more. It leads a process group of its own. */
function stopOrphan({ pid, start_time }: Known): boolean {
  if (startTimeOf(pid) !== start_time) return false;
  signalGroup(pid, 'SIGTERM');
  signalGroup(pid, 'SIGCONT');
  return true;
}

/** One that has just been started dies of the first signal, before the next. */
function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

const ORPHAN_PATIENCE_MS = 30_000;

/** Two engines must never write one database: waits until the orphan has drained, and kills it past its time. */
async function orphanGone(orphan: Known): Promise<void> {
  if (!stopOrphan(orphan)) return;
  const { pid, start_time } = orphan;
  const until = monotonicMs() + ORPHAN_PATIENCE_MS;
  while (startTimeOf(pid) === start_time) {
    if (monotonicMs() > until) signalGroup(pid, 'SIGKILL');
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
