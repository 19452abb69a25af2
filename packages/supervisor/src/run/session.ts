import { mkdirSync, realpathSync, renameSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { Holder } from '@hybrid-soak/contract/lock-holder.ts';
import type { RunState } from '@hybrid-soak/contract/run-state.ts';
import { configWay } from '../adapters/config-writer.ts';
import { rememberRun } from '../adapters/last-run.ts';
import type { Lock } from '../adapters/lock.ts';
import { type OpsPaths, stateKeptAside } from '../adapters/ops-paths.ts';
import { isAlive, self } from '../adapters/owner.ts';
import { startTimeOf } from '../adapters/process.ts';
import { ROOT } from '../adapters/root.ts';
import { takeLocks } from '../recovery/locks.ts';
import { recover, restoreNow } from '../recovery/restore.ts';
import { loadRunState, removeRunState, saveRunState } from '../recovery/run-state.ts';
import { Stop } from '../stop.ts';
import { type Chosen, NoManager } from '../unit/choose.ts';
import type { UnitManager } from '../unit/manager.ts';
import { type Actor, perform } from './effects.ts';
import { type Heard, hearSignals } from './signals.ts';

/** What a session is opened for. */
export interface Wish {
  kind: Holder['kind'];
  /** From chooseManager. */
  chosen: Chosen;
  ops: OpsPaths;
  config: string;
  db: string;
  /** Words after the unit's own command line, for a user or embedded unit. */
  extra: string[];
  metricsTextfile: string | null;
  /** Whether it changes the config: refused at the start if that cannot work. */
  writesConfig: boolean;
  /** Read once nothing of an earlier run is left. Throws Stop if the config cannot be used. */
  state(): Promise<
    Pick<
      RunState,
      'run_id' | 'ingest_mode' | 'psi_actions' | 'policy' | 'leave' | 'original_text' | 'original_sample_every'
    >
  >;
  runId: string;
  note(text: string): void;
}

/**
 * One supervisor over one unit: locked, its trace left, its signals heard. `soak run` and `soak prove` are both one, from
 * here to `close`.
 */
export interface Session extends Actor {
  /** Lets a supervisor that a proof starts have the unit. */
  unlock(): void;
  lock(): void;
  /** Calls `stop` at the first signal; the second restores the config at once and exits. */
  onSignal(stop: (heard: Heard) => void): void;
  /** Restores what the state says, the config first; the error, or null. Removes the state if all is restored. */
  restore(): Promise<string | null>;
  /** Lets go of the unit and of the locks. */
  close(): Promise<void>;
}

/**
 * Locks, restores what an earlier run left, opens the manager and leaves the trace by which this run will be restored.
 * Throws Stop, nothing changed, if it cannot begin.
 */
export async function openSession(wish: Wish): Promise<Session> {
  const { chosen, ops, note } = wish;
  loadRunState(ops.state);
  makeOps(ops);
  const take = () => takeLocks(chosen.name, chosen.unit, ops.folder, holderOf(wish));
  let lock: Lock | null = take();
  const release = () => {
    lock?.release();
    lock = null;
  };
  try {
    await recoverLeft(wish);
    const runState = await newRunState(wish);
    const manager = await openManager(wish, runState);
    await leaveTrace(wish, runState).catch(async (error: unknown) => {
      await manager.release();
      removeRunState(ops.state);
      throw error;
    });
    if (wish.kind === 'soak') rememberRun(holderOf(wish));
    // The STARTUP record of a soak says the same.
    if (wish.kind !== 'soak') note(`manager ${manager.name}: ${manager.why}`);
    const actor: Actor = { manager, runState, runStatePath: ops.state, db: wish.db };
    return {
      ...actor,
      unlock: release,
      lock() {
        lock = take();
      },
      onSignal: (stop) => hearSignals(stop, (why) => restoreNow(ops.state, runState, why), note),
      async restore() {
        const outcome = await perform({ id: 0, kind: 'restore', leave: runState.leave }, actor);
        return outcome.ok ? null : (outcome.error ?? 'not restored');
      },
      async close() {
        await manager.release();
        release();
      },
    };
  } catch (error) {
    release();
    throw unwritable(error);
  }
}

/** From here on a kill is restored from; only then a file is made beside the config, to find out how it can be written. */
async function leaveTrace({ ops, config, writesConfig }: Wish, runState: RunState): Promise<void> {
  saveRunState(ops.state, runState);
  if (writesConfig) configWay(realpathSync(config));
}

/** A disk that is full or a folder that is closed is not a bug: one line, and exit code 12. */
export function unwritable(error: unknown): unknown {
  const code = errorCode(error);
  if (code === undefined || error instanceof Stop) return error;
  const valid = 'valid: a file that can be written, on a disk with room';
  return new Stop(SOAK_EXIT.CONFIG, `the records cannot be written: ${(error as Error).message}; ${valid}`);
}

/** What an earlier run left. That of another unit which cannot be restored is kept aside and blocks nothing. */
async function recoverLeft({ ops, chosen, note }: Wish): Promise<void> {
  try {
    const restored = await recover(ops.state);
    if (restored !== null) note(`an earlier run had not restored everything: done now: ${restored.what}`);
  } catch (error) {
    const left = loadRunState(ops.state);
    if (left === null || left.owner === null || isAlive(left.owner)) throw error;
    if (left.unit === chosen.unit && left.manager === chosen.name) throw error;
    const aside = stateKeptAside(ops, left.unit);
    renameSync(ops.state, aside);
    note(`${left.unit} is not restored: ${(error as Error).message}; kept in ${aside} for \`soak restore\``);
  }
}

function makeOps({ folder }: OpsPaths): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new Stop(
      SOAK_EXIT.CONFIG,
      `${folder}: cannot be made (${errorCode(error)}); valid: a folder for the records`,
    );
  }
}

const holderOf = ({ kind, runId, chosen, ops, config, db }: Wish): Holder => ({
  ...self(),
  ...{ run: runId, unit: chosen.unit, kind, config, db, decisions: ops.decisions, samples: ops.samples },
});

const newRunState = async ({ chosen, config, db, ops, metricsTextfile, state }: Wish): Promise<RunState> => ({
  v: 1,
  ...(await state()),
  owner: self(),
  unit: chosen.unit,
  manager: chosen.name,
  config,
  db,
  written_text: null,
  overwritten_text: null,
  was_running: false,
  started: false,
  embedded: null,
  decisions: ops.decisions,
  metrics_textfile: metricsTextfile,
});

async function openManager(
  { chosen, config, extra, ops, runId, note }: Wish,
  runState: RunState,
): Promise<UnitManager> {
  const spawned = (pid: number) => {
    runState.embedded = { pid, start_time: startTimeOf(pid) ?? '' };
    saveRunState(ops.state, runState);
  };
  const manager = await chosen
    .open({ root: ROOT, config, extra, logFile: ops.engineLog, runId, spawned })
    .catch((error: unknown) => {
      throw error instanceof NoManager ? new Stop(SOAK_EXIT.CONFIG, error.message) : error;
    });
  await manager.settle(note);
  const shown = await manager.show(true);
  if (!shown.available) {
    await manager.release();
    throw new Stop(SOAK_EXIT.CONFIG, shown.why);
  }
  runState.was_running = /^(active|activating)$/.test(shown.value.active_state);
  runState.started = runState.was_running;
  return manager;
}
