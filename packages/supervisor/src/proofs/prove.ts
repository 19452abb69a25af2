import { resolve } from 'node:path';
import type { Config } from '@hybrid-soak/contract/config.ts';
import { readSampleEvery } from '@hybrid-soak/contract/config-edit.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { type Proof, type ProofFile, type ProofName, worst } from '@hybrid-soak/contract/proof.ts';
import { wallMicros } from '../adapters/clock.ts';
import { environment } from '../adapters/environment.ts';
import { LockHeld, takeLock } from '../adapters/lock.ts';
import { startTimeOf } from '../adapters/process.ts';
import { ROOT } from '../adapters/root.ts';
import { inspect, METHOD, REQUIREMENT } from '../inspect/preflight.ts';
import { recover, recoverNested, restoreNow } from '../recovery/restore.ts';
import { type RunState, saveRunState } from '../recovery/run-state.ts';
import { perform } from '../run/effects.ts';
import { Stop } from '../stop.ts';
import { chooseManager, type ManagerChoice, NoManager, type Wanted } from '../unit/choose.ts';
import { concurrency } from './concurrency.ts';
import { crash } from './crash.ts';
import { exitCode } from './exit-code.ts';
import { Ground, type GroundPlan } from './ground.ts';
import { Interrupted, type ProofCode, runProof } from './proof.ts';
import { psi } from './psi.ts';
import { restart } from './restart.ts';
import { restore, snapshot } from './restore.ts';
import { stall } from './stall.ts';
import { throttle } from './throttle.ts';

export interface ProvePlan {
  asked: ProofName[];
  unit: string;
  choice: ManagerChoice;
  config: string;
  /** The config as it stands; asked again after an earlier run was put back. Throws Stop. */
  read(): { text: string; config: Config };
  ops: string;
  out: string;
  quick: boolean;
  runId: string;
  /** Called as each proof ends. */
  done(proof: Proof): void;
  note(text: string): void;
}

export const lockScope = (): string => (process.getuid?.() === 0 ? 'root' : String(process.getuid?.()));

/**
 * Measures what was asked, then puts everything back and proves that. Throws Stop, nothing changed, where it cannot begin.
 * A kill leaves the trace by which `soak restore` puts back.
 */
export async function prove(plan: ProvePlan): Promise<ProofFile> {
  const started = wallMicros();
  const ground = await prepare(plan);
  const interrupted = onSignals(plan, ground);
  const before = await snapshot(ground);
  const proofs: Proof[] = [];
  const measure = async (proof: ProofCode) => {
    const ended = await runProof(proof, ground);
    proofs.push(ended);
    plan.done(ended);
  };
  try {
    for (const proof of codes(plan, ground)) await measure(proof);
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
  } finally {
    await measure(restore(before, () => putBack(ground)));
    await ground.manager.release();
    await ground.unlock();
  }
  return {
    v: 1,
    run_id: plan.runId,
    started,
    ended: wallMicros(),
    quick: plan.quick,
    unit: plan.unit,
    manager: { name: ground.manager.name, why: ground.manager.why },
    environment: environment(),
    asked: plan.asked,
    interrupted: interrupted.by,
    verdict: worst(proofs.map((proof) => proof.verdict)),
    proofs,
  };
}

/** Takes the lock, puts back what an earlier run left, finds the manager and leaves the trace. */
async function prepare(plan: ProvePlan): Promise<Ground> {
  const { unit, ops, runId } = plan;
  const runStatePath = resolve(ops, 'soak_state.json');
  const chosen = await chooseManager(plan.choice, unit, true).catch(stopWithout);
  const name = `${unit}:${chosen.name === 'embedded' ? ops : ''}`;
  const lock = { take: () => takeLock(lockScope(), name, holder(runId)) };
  const first = await lock.take().catch((error: unknown) => {
    throw error instanceof LockHeld ? new Stop(SOAK_EXIT.USAGE, error.message) : error;
  });
  if (await recover(runStatePath)) plan.note('an earlier run had not put everything back: done now');
  const { text, config } = plan.read();
  const runState = newRunState(plan, text, config);
  const manager = await chosen.open(wantedBy(plan, runState, runStatePath)).catch(stopWithout);
  const shown = await manager.show(true);
  if (!shown.available) throw new Stop(SOAK_EXIT.CONFIG, shown.why);
  runState.manager = manager.name;
  runState.was_running = /^(active|activating)$/.test(shown.value.active_state);
  saveRunState(runStatePath, runState);
  plan.note(`manager ${manager.name}: ${manager.why}`);
  const ground: GroundPlan = {
    ...{ manager, unit, ops, runState, runStatePath, lock, config: plan.config, root: ROOT, out: plan.out },
    ...{ db: resolve(config.app.db_path), quick: plan.quick },
  };
  return new Ground(ground, first);
}

const holder = (runId: string) => `pid ${process.pid}, proofs ${runId}`;

const newRunState = ({ runId, unit, config: path }: ProvePlan, text: string, config: Config): RunState => ({
  v: 1,
  run_id: runId,
  ingest_mode: config.engine.ingest_mode,
  psi_actions: 'off',
  policy: 'adaptive',
  unit,
  manager: 'embedded',
  config: path,
  original_text: text,
  original_sample_every: readSampleEvery(text),
  written_text: null,
  was_running: false,
  leave: 'as-found',
  embedded: null,
});

function stopWithout(error: unknown): never {
  throw error instanceof NoManager ? new Stop(SOAK_EXIT.CONFIG, error.message) : error;
}

function wantedBy({ config, ops }: ProvePlan, runState: RunState, runStatePath: string): Wanted {
  const spawned = (pid: number) => {
    runState.embedded = { pid, start_time: startTimeOf(pid) ?? '' };
    saveRunState(runStatePath, runState);
  };
  return { config, root: ROOT, extra: [], logFile: resolve(ops, 'engine.log'), spawned };
}

function codes({ asked, runId }: ProvePlan, ground: Ground): ProofCode[] {
  const preflight: ProofCode = {
    name: 'preflight',
    requirement: REQUIREMENT,
    method: () => METHOD,
    measure: (_, notes) => inspect(subjectOf(ground, runId), notes),
  };
  const all = [preflight, psi, stall, exitCode, concurrency, throttle, restart, crash];
  return all.filter(({ name }) => asked.includes(name));
}

function subjectOf({ plan, scope }: Ground, runId: string) {
  const { unit, config, db, ops, root } = plan;
  return { unit, scope, config, db, ops, root, lockScope: lockScope(), self: holder(runId) };
}

async function putBack(ground: Ground): Promise<string | null> {
  const { manager, plan } = ground;
  const { runState, runStatePath } = plan;
  ground.scratch.close();
  await ground.resetCounters();
  await recoverNested(runState);
  const outcome = await perform(
    { id: 0, kind: 'restore', leave: 'as-found' },
    { manager, runState, runStatePath, db: plan.db },
  );
  return outcome.ok ? null : (outcome.error ?? 'not put back');
}

/** The first signal ends the proof at once and puts everything back; the second puts the files back and exits. */
function onSignals(plan: ProvePlan, ground: Ground): { by: 'SIGINT' | 'SIGTERM' | null } {
  const asked: { by: 'SIGINT' | 'SIGTERM' | null } = { by: null };
  for (const name of ['SIGINT', 'SIGTERM'] as const)
    process.on(name, () => {
      if (asked.by !== null) {
        restoreNow(ground.plan.runStatePath, ground.plan.runState);
        process.exit(name === 'SIGINT' ? SOAK_EXIT.INTERRUPTED : SOAK_EXIT.TERMINATED);
      }
      asked.by = name;
      plan.note(`${name}: putting everything back; once more to stop at once`);
      ground.signal.abort(name);
    });
  return asked;
}
