import { resolve } from 'node:path';
import type { Config } from '@hybrid-soak/contract/config.ts';
import { readSampleEvery } from '@hybrid-soak/contract/config-edit.ts';
import { type Proof, type ProofFile, type ProofName, worst } from '@hybrid-soak/contract/proof.ts';
import { wallMicros } from '../adapters/clock.ts';
import { environment } from '../adapters/environment.ts';
import type { OpsPaths } from '../adapters/ops-paths.ts';
import { ROOT } from '../adapters/root.ts';
import { inspect, METHOD, REQUIREMENT } from '../inspect/preflight.ts';
import { recoverNested } from '../recovery/restore.ts';
import { openSession } from '../run/session.ts';
import type { Heard } from '../run/signals.ts';
import type { Chosen } from '../unit/choose.ts';
import { concurrency } from './concurrency.ts';
import { crash } from './crash.ts';
import { drift } from './drift.ts';
import { Interrupted } from './ends.ts';
import { exitCode } from './exit-code.ts';
import { Ground, type GroundPlan } from './ground.ts';
import { ladder } from './ladder.ts';
import { outage } from './outage.ts';
import { type ProofCode, runProof } from './proof.ts';
import { psi } from './psi.ts';
import { restart } from './restart.ts';
import { restore, snapshot } from './restore.ts';
import { stall } from './stall.ts';
import { throttle } from './throttle.ts';

export interface ProvePlan {
  asked: ProofName[];
  chosen: Chosen;
  config: string;
  /** Folder that the engine's relative paths are relative to. */
  base: string;
  /** The config as it stands; read again after an earlier run was restored. Throws Stop. */
  read(): Promise<{ text: string; config: Config }>;
  ops: OpsPaths;
  out: string;
  quick: boolean;
  runId: string;
  /** Called as each proof ends. */
  done(proof: Proof): void;
  note(text: string): void;
}

/**
 * Measures what was asked, then restores everything and proves that. Throws Stop, nothing changed, if it cannot begin.
 * A kill leaves the trace by which `soak restore` restores.
 */
export async function prove(plan: ProvePlan): Promise<ProofFile> {
  const started = wallMicros();
  const ground = await prepare(plan);
  const interrupted: { by: Heard | null } = { by: null };
  ground.plan.session.onSignal((heard) => {
    interrupted.by = heard;
    ground.signal.abort(heard);
  });
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
    await measure(restore(before, () => restoreAll(ground)));
    await ground.plan.session.close();
  }
  return {
    v: 1,
    run_id: plan.runId,
    started,
    ended: wallMicros(),
    quick: plan.quick,
    unit: plan.chosen.unit,
    manager: { name: ground.manager.name, why: ground.manager.why },
    environment: environment(),
    asked: plan.asked,
    interrupted: interrupted.by,
    verdict: worst(proofs.map((proof) => proof.verdict)),
    proofs,
  };
}

async function prepare(plan: ProvePlan): Promise<Ground> {
  const { chosen, ops, runId, config: path, base, note } = plan;
  const db = resolve(base, (await plan.read()).config.app.db_path);
  const session = await openSession({
    ...{
      kind: 'proofs',
      chosen,
      ops,
      config: path,
      db,
      extra: [],
      metricsTextfile: null,
      writesConfig: true,
      runId,
      note,
    },
    async state() {
      const { text, config } = await plan.read();
      return {
        run_id: runId,
        ingest_mode: config.engine.ingest_mode,
        psi_actions: 'off',
        policy: 'adaptive',
        leave: 'as-found',
        original_text: text,
        original_sample_every: readSampleEvery(text),
      };
    },
  });
  const { out, quick } = plan;
  const ground: GroundPlan = { session, unit: chosen.unit, config: path, db, out, ops: ops.folder, root: ROOT, quick };
  return new Ground(ground);
}

function codes({ asked, runId }: ProvePlan, ground: Ground): ProofCode[] {
  const preflight: ProofCode = {
    name: 'preflight',
    requirement: REQUIREMENT,
    method: () => METHOD,
    measure: (_, notes) => inspect(subjectOf(ground, runId), notes),
  };
  const all = [preflight, psi, stall, exitCode, concurrency, throttle, restart, crash, outage, ladder, drift];
  return all.filter(({ name }) => asked.includes(name));
}

function subjectOf({ plan, scope }: Ground, runId: string) {
  const { unit, config, db, ops, root } = plan;
  return { unit, scope, config, db, ops, root, self: runId };
}

async function restoreAll(ground: Ground): Promise<string | null> {
  ground.scratch.close();
  await ground.resetCounters();
  await recoverNested(ground.runState);
  return ground.plan.session.restore();
}
