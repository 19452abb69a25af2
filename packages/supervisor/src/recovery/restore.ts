import { existsSync, realpathSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { RunState } from '@hybrid-soak/contract/run-state.ts';
import { bootId, isAlive } from '../adapters/owner.ts';
import { removeTemporaries } from '../adapters/replace-file.ts';
import { Stop } from '../stop.ts';
import { changeDropIn } from '../unit/drop-in.ts';
import { systemdUnit } from '../unit/systemd.ts';
import { placedAt, removeUserUnit } from '../unit/user-unit.ts';
import { removeScratch, restoreConfig, sampleEveryOf } from './config.ts';
import { takeLocks } from './locks.ts';
import { orphanGone, orphansOf, stopOrphan } from './orphans.ts';
import { recordRestored } from './record.ts';
import { loadRunState, removeRunState } from './run-state.ts';
import { restoreUnit } from './unit.ts';

export interface Restored {
  state: RunState;
  /** What was restored, in words. */
  what: string;
}

/**
 * Restores what a run left that is gone; null if there is nothing. The state file goes last. Throws Stop: 2 if the run's
 * owner lives, 20 if the unit could not be restored, 12 if the config could not.
 */
export async function recover(path: string): Promise<Restored | null> {
  const state = loadRunState(path);
  if (state === null) return null;
  refuseAlive(state);
  // Processes and units belong to the boot in which the run changed them; only files outlive it.
  const sameBoot = state.owner?.boot === bootId();
  if (sameBoot) for (const orphan of orphansOf(state)) await orphanGone(orphan);
  await recoverNested(state);
  if (sameBoot && state.drop_in && state.manager !== 'embedded') await changeDropIn(state.manager, state.unit, null);
  const { changed, kept } = restoreConfig(state);
  const unit = sameBoot ? await restoreManaged(state, changed, path) : 'nothing else: the machine has booted since';
  const what = `${state.config}${kept === null ? '' : ` (${kept})`}, ${unit}`;
  removeScratch(state);
  removeLeftovers(state, path);
  if (state.metrics_textfile !== null) rmSync(state.metrics_textfile, { force: true });
  recordRestored(state, `an interrupted run restored: ${what}`, sampleEveryOf(state));
  removeRunState(path);
  return { state, what };
}

function refuseAlive({ owner, run_id }: RunState): void {
  if (owner === null || !isAlive(owner)) return;
  const who = `pid ${owner.pid}, run ${run_id}`;
  throw new Stop(SOAK_EXIT.USAGE, `the soak is still running (${who}); valid: stop it first`);
}

/** `recover`, with no other supervisor at work on the unit or in the folder meanwhile. Throws Stop as both do. */
export async function recoverLocked(path: string): Promise<Restored | null> {
  const state = loadRunState(path);
  if (state === null) return null;
  refuseAlive(state);
  const lock = takeLocks(state.manager, state.unit, dirname(path), null);
  let done = false;
  try {
    const restored = await recover(path);
    done = true;
    return restored;
  } finally {
    // As long as something is left, the file beside the lock says where.
    lock.release(done);
  }
}

/**
 * What the soaks of a proof left, whose config is the proof's own. A failure is not final: the unit is the same one, and
 * restoring the proof comes next.
 */
export async function recoverNested({ nested = [] }: RunState): Promise<void> {
  for (const path of nested) await recover(path).catch(() => {});
}

/** Temporary files of writes that the kill came into. */
function removeLeftovers({ config }: RunState, path: string): void {
  for (const written of [existsSync(config) ? realpathSync(config) : config, path])
    if (existsSync(dirname(written))) removeTemporaries(written);
}

/** In words. Throws Stop. */
async function restoreManaged(state: RunState, changed: boolean, path: string): Promise<string> {
  const { manager, unit: name } = state;
  if (manager === 'embedded') return `${name} stopped`;
  if (manager === 'user' && existsSync(placedAt(name))) {
    // It was placed for that run alone.
    await systemdUnit('user', name, 'restore').stop();
    await removeUserUnit(name);
    return `${name} removed`;
  }
  const { ok, what, error } = await restoreUnit(systemdUnit(manager, name, 'restore'), state, changed);
  if (ok) return what;
  const valid = `valid: repair ${name}, then \`soak restore\`; or remove ${path} if the unit is as it should be`;
  throw new Stop(SOAK_EXIT.FAIL, `the config is restored, ${name} is not: ${error}; ${valid}`);
}

/**
 * What a second signal still does, synchronously: the config, the engine that this process would orphan, and the record of
 * both. `why` begins the record's reason.
 */
export function restoreNow(path: string, state: RunState, why: string): void {
  restoreConfig(state);
  for (const orphan of orphansOf(state)) stopOrphan(orphan);
  const isWhole = state.manager === 'embedded' && state.scratch === undefined;
  const rest = isWhole ? `${state.unit} asked to stop` : `${state.unit} as it was left`;
  recordRestored(state, `${why}: ${state.config}, ${rest}`, sampleEveryOf(state));
  if (isWhole) removeRunState(path);
}
