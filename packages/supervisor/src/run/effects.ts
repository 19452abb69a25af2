import type { RunState } from '@hybrid-soak/contract/run-state.ts';
import type { EffectOutcome, HeartbeatReading } from '@hybrid-soak/contract/sample.ts';
import { writeSampleEvery } from '../adapters/config-file.ts';
import { progressProbe } from '../adapters/progress.ts';
import type { Effect } from '../core/effect.ts';
import { adoptEdit, removeScratch, restoreConfig } from '../recovery/config.ts';
import { removeRunState, saveRunState } from '../recovery/run-state.ts';
import { restoreUnit } from '../recovery/unit.ts';
import type { Outcome, UnitManager } from '../unit/manager.ts';

export interface Actor {
  manager: UnitManager;
  runStatePath: string;
  runState: RunState;
  /** The engine's database, in which it says what it samples by. */
  db: string;
}

/** An engine that runs writes its heartbeat at every flush, by default each second. */
const RELOAD_MS = 10_000;
/** A restarted one starts first, on a host that may be under pressure. */
const RESTART_MS = 30_000;
const LOOK_MS = 100;

/** Does one effect and verifies it. Never throws: what went wrong is the outcome. */
export async function perform(effect: Effect, actor: Actor): Promise<EffectOutcome> {
  const started = performance.now();
  let outcome: Outcome;
  try {
    outcome = await act(effect, actor);
  } catch (error) {
    outcome = { ok: false, error: (error as Error).message, invocation_id: null, unit_pid: null };
  }
  const took_ms = Math.round(performance.now() - started);
  return { effect_id: effect.id, kind: effect.kind, took_ms, ...outcome };
}

async function act(effect: Effect, actor: Actor): Promise<Outcome> {
  const { manager, runState, runStatePath } = actor;
  switch (effect.kind) {
    case 'start':
      return noted(actor, await manager.start());
    case 'restart':
      return noted(actor, await manager.restart());
    case 'set-rung':
      writeSampleEvery(runState.config, effect.sample_every, (text, found) => {
        adoptEdit(runState, found);
        runState.overwritten_text = found;
        runState.written_text = text;
        saveRunState(runStatePath, runState);
      });
      return effect.apply === 'reload'
        ? inForce(actor, effect.sample_every, await manager.reload(), RELOAD_MS)
        : inForce(actor, effect.sample_every, noted(actor, await manager.restart()), RESTART_MS);
    case 'restore': {
      const { what: _, ...outcome } = await restoreUnit(manager, runState, restoreConfig(runState).changed);
      if (!outcome.ok)
        return { ...outcome, error: `the config is restored, ${runState.unit} is not: ${outcome.error}` };
      removeScratch(runState);
      removeRunState(runStatePath);
      return outcome;
    }
    default:
      return effect satisfies never;
  }
}

/** A rung is in force when the process that runs now says in its heartbeat that it samples so, and not before. */
async function inForce({ db }: Actor, sampleEvery: number, done: Outcome, withinMs: number): Promise<Outcome> {
  if (!done.ok) return done;
  const probe = progressProbe(db);
  const deadline = performance.now() + withinMs;
  try {
    for (;;) {
      const { heartbeat } = probe.read();
      const says = heartbeat.available ? wrongIn(heartbeat.value, done, sampleEvery) : heartbeat.why;
      if (says === null) return done;
      if (performance.now() > deadline)
        return { ...done, ok: false, error: `not in force after ${withinMs / 1000} s: ${says}` };
      await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    }
  } finally {
    probe.close();
  }
}

type Heartbeat = Extract<HeartbeatReading, { available: true }>['value'];

function wrongIn(heartbeat: Heartbeat, done: Outcome, sampleEvery: number): string | null {
  if (done.unit_pid !== null && heartbeat.pid !== done.unit_pid)
    return `the database is written by process ${heartbeat.pid}, the unit's is ${done.unit_pid}`;
  if (heartbeat.sample_every === sampleEvery) return null;
  return `the engine still samples 1 in ${heartbeat.sample_every}`;
}

/** Whether the unit runs after an act of this run: if it is found stopped later, somebody has stopped it. */
function noted({ runState, runStatePath }: Actor, outcome: Outcome): Outcome {
  if (runState.started === outcome.ok) return outcome;
  runState.started = outcome.ok;
  saveRunState(runStatePath, runState);
  return outcome;
}
