import { mkdirSync } from 'node:fs';
import type { Server } from 'node:net';
import { dirname, resolve } from 'node:path';
import { readSampleEvery } from '@hybrid-soak/contract/config-edit.ts';
import type { Decision } from '@hybrid-soak/contract/decision.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { openDecisionLog } from '../adapters/decision-log.ts';
import { environment } from '../adapters/environment.ts';
import { LockHeld, takeLock } from '../adapters/lock.ts';
import { hostPressure } from '../adapters/pressure.ts';
import { startTimeOf } from '../adapters/process.ts';
import { ROOT } from '../adapters/root.ts';
import { openSamples } from '../adapters/samples-file.ts';
import type { Ending } from '../core/ending/totals.ts';
import type { SoakOptions } from '../core/options.ts';
import { begin } from '../core/step.ts';
import { recover, restoreNow } from '../recovery/restore.ts';
import { type RunState, saveRunState } from '../recovery/run-state.ts';
import { Stop } from '../stop.ts';
import type { Reporter } from '../text/reporter.ts';
import { type Chosen, chooseManager, type ManagerChoice, NoManager } from '../unit/choose.ts';
import { type Actor, perform } from './effects.ts';
import { startLoop } from './loop.ts';
import { observer } from './observe.ts';

/** A soak as asked for, its flags checked and its paths absolute. */
export interface Plan {
  asked: Omit<SoakOptions, 'manager' | 'was_running'>;
  manager: ManagerChoice;
  config: string;
  /** Its text when it was read. */
  text: string;
  db: string;
  decisions: string;
  samples: string;
  /** Words after the unit's own command line, for a user or embedded unit. */
  extra: string[];
  /** The config's text as it is now; throws Stop where it is no longer valid. */
  reread(): string;
  /** Refuses what the chosen manager cannot do; throws Stop. */
  check(manager: string): void;
}

export interface Ended {
  ending: Ending;
  /** The SUMMARY record. */
  summary: Decision;
}

/** Runs one soak to its end and puts everything back. Throws Stop, nothing changed, where it cannot begin. */
export async function soak(plan: Plan, reporter: Reporter): Promise<Ended> {
  const { manager: choice, asked: wish } = plan;
  const chosen = await chooseManager(choice, wish.unit, plan.extra.length === 0).catch(stopWithout);
  plan.check(chosen.name);
  const lock = await lockUnit(plan, chosen.name);
  const { actor, options } = await prepare(plan, chosen, reporter);
  const log = openDecisionLog(plan.decisions);
  if (log.mended !== null) {
    options.torn_line_kept_in = log.mended;
    reporter.note(`the decision log had a torn last line: cut off, kept in ${log.mended}`);
  }
  const samples = openSamples(plan.samples, { options, environment: environment() }, () =>
    reporter.note(`${plan.samples} is full: no more samples`),
  );
  const asked: { signal: 'SIGINT' | 'SIGTERM' | null } = { signal: null };
  let last: Decision | null = null;
  const loop = startLoop(begin(options), options.interval_s * 1000, {
    observe: observer({
      runId: options.run_id,
      manager: actor.manager,
      config: plan.config,
      db: plan.db,
      abortFile: resolve(dirname(plan.decisions), 'ABORT'),
      signal: () => asked.signal,
    }),
    record(record) {
      log.append(record);
      reporter.decision(record);
      last = record;
    },
    perform: (effect) => perform(effect, actor),
    observed(observation, verdict) {
      samples.append(observation);
      reporter.observation(observation, verdict);
    },
  });
  onSignals(asked, actor, reporter, loop.wake);
  const ending = await loop.ended.catch((error: unknown) => putBackUnrecorded(error, actor, reporter));
  await actor.manager.release();
  samples.close();
  log.close();
  lock.close();
  return { ending, summary: last as unknown as Decision };
}

function stopWithout(error: unknown): never {
  throw error instanceof NoManager ? new Stop(SOAK_EXIT.CONFIG, error.message) : error;
}

async function lockUnit({ asked, decisions }: Plan, manager: Chosen['name']): Promise<Server> {
  const scope = process.getuid?.() === 0 ? 'root' : String(process.getuid?.());
  // An embedded engine belongs to its folder: another folder may have one of its own.
  const name = `${asked.unit}:${manager === 'embedded' ? dirname(decisions) : ''}`;
  try {
    return await takeLock(scope, name, `pid ${process.pid}, run ${asked.run_id}`);
  } catch (error) {
    throw error instanceof LockHeld ? new Stop(SOAK_EXIT.USAGE, error.message) : error;
  }
}

/** Puts back what an earlier soak left, finds the manager, and leaves the trace that this one will be put back by. */
async function prepare(
  plan: Plan,
  chosen: Chosen,
  reporter: Reporter,
): Promise<{ actor: Actor; options: SoakOptions }> {
  const ops = dirname(plan.decisions);
  const runStatePath = resolve(ops, 'soak_state.json');
  if (await recover(runStatePath)) {
    reporter.note('an earlier soak had not put everything back: done now');
    plan.text = plan.reread();
    plan.asked.original_sample_every = readSampleEvery(plan.text);
    plan.check(chosen.name);
  }
  mkdirSync(ops, { recursive: true });
  const runState = newRunState(plan);
  const manager = await chosen
    .open({
      root: ROOT,
      config: plan.config,
      extra: plan.extra,
      logFile: resolve(ops, 'engine.log'),
      spawned(pid) {
        runState.embedded = { pid, start_time: startTimeOf(pid) ?? '' };
        saveRunState(runStatePath, runState);
      },
    })
    .catch(stopWithout);
  const unit = await manager.show();
  if (!unit.available) {
    await manager.release();
    throw new Stop(SOAK_EXIT.CONFIG, unit.why);
  }
  runState.manager = manager.name;
  runState.was_running = unit.value.active_state === 'active' || unit.value.active_state === 'activating';
  saveRunState(runStatePath, runState);
  const { name, why } = manager;
  reporter.note(`manager ${name}: ${why}`);
  if (plan.asked.psi_actions === 'on') warnOfBlindness(reporter);
  const options = { ...plan.asked, was_running: runState.was_running, manager: { name, why } };
  return { actor: { manager, runState, runStatePath, db: plan.db }, options };
}

const newRunState = ({ asked, config, text }: Plan): RunState => ({
  v: 1,
  run_id: asked.run_id,
  ingest_mode: asked.ingest_mode,
  psi_actions: asked.psi_actions,
  policy: asked.policy,
  unit: asked.unit,
  manager: 'embedded',
  config,
  original_text: text,
  original_sample_every: asked.original_sample_every,
  written_text: null,
  was_running: false,
  leave: asked.leave,
  embedded: null,
});

/**
 * The first signal ends the soak in good order; the second puts the config back at once and exits. A terminal that is closed
 * asks for what SIGTERM does.
 */
function onSignals(asked: { signal: string | null }, actor: Actor, reporter: Reporter, wake: () => void): void {
  for (const heard of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(heard, () => {
      const name = heard === 'SIGHUP' ? 'SIGTERM' : heard;
      if (asked.signal !== null) {
        restoreNow(actor.runStatePath, actor.runState);
        process.exit(name === 'SIGINT' ? SOAK_EXIT.INTERRUPTED : SOAK_EXIT.TERMINATED);
      }
      asked.signal = name;
      reporter.note(`${heard}: putting everything back; once more to stop at once`);
      wake();
    });
}

/** The log's disk is full, or a bug: nothing can be recorded any more, but everything is still put back. */
async function putBackUnrecorded(error: unknown, actor: Actor, reporter: Reporter): Promise<never> {
  const outcome = await perform({ id: 0, kind: 'restore', leave: actor.runState.leave }, actor);
  await actor.manager.release();
  reporter.note(outcome.ok ? 'put back as found' : `not put back: ${outcome.error}`);
  throw error;
}

function warnOfBlindness(reporter: Reporter): void {
  for (const [resource, psi] of Object.entries(hostPressure().read()))
    if (!psi.available)
      reporter.note(`PSI of ${resource} is unavailable: ${psi.why}; the verdict will be INCONCLUSIVE`);
}
