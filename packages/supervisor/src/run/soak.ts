import { readSampleEvery } from '@hybrid-soak/contract/config-edit.ts';
import type { Decision } from '@hybrid-soak/contract/decision.ts';
import { openDecisionLog } from '../adapters/decision-log.ts';
import { environment } from '../adapters/environment.ts';
import type { OpsPaths } from '../adapters/ops-paths.ts';
import { hostPressure } from '../adapters/pressure.ts';
import { takeRequest } from '../adapters/requests.ts';
import { openSamples } from '../adapters/samples-file.ts';
import type { Ending } from '../core/ending/totals.ts';
import type { SoakOptions } from '../core/options.ts';
import { begin } from '../core/step.ts';
import type { Reporter } from '../text/reporter.ts';
import type { Chosen } from '../unit/choose.ts';
import { perform } from './effects.ts';
import { startLoop } from './loop.ts';
import { type Asked, observer } from './observe.ts';
import { openSession, type Session, unwritable } from './session.ts';

/** A soak as asked for, its flags checked and its paths absolute. */
export interface Plan {
  asked: Omit<SoakOptions, 'manager' | 'was_running'>;
  chosen: Chosen;
  config: string;
  db: string;
  ops: OpsPaths;
  /** Words after the unit's own command line, for a user or embedded unit. */
  extra: string[];
  metricsTextfile: string | null;
  /** The config's text as it is now; throws Stop if it is not valid, or not what the manager can run. */
  read(): Promise<string>;
}

export interface Ended {
  ending: Ending;
  /** The SUMMARY record. */
  summary: Decision;
}

/** Runs one soak to its end and restores everything. Throws Stop, nothing changed, if it cannot begin. */
export async function soak(plan: Plan, reporter: Reporter): Promise<Ended> {
  const session = await openSession(wishOf(plan, reporter));
  const outlets = await openOutlets(plan, session, reporter).catch((error: unknown) =>
    abandon(error, session, reporter),
  );
  const asked: Asked = { signal: null };
  let last: Decision | null = null;
  const { options, log, samples } = outlets;
  const { observe, close } = observer({
    runId: options.run_id,
    manager: session.manager,
    config: plan.config,
    db: plan.db,
    abortFile: plan.ops.abort,
    windowS: options.parameters.window_s,
    asked: () => asked,
  });
  const loop = startLoop(begin(options), options.interval_s * 1000, {
    observe,
    record(record) {
      log.append(record);
      reporter.decision(record);
      last = record;
    },
    perform: (effect) => perform(effect, session),
    observed(observation, verdict) {
      samples.append(observation);
      reporter.observation(observation, verdict);
    },
  });
  session.onSignal((heard) => {
    asked.signal = heard;
    const requested = session.manager.name === 'system' ? takeRequest('stop') : undefined;
    if (requested !== undefined) asked.requested = requested;
    loop.wake();
  });
  // Its timer would keep a soak that has failed alive.
  const ending = await loop.ended.finally(close).catch((error: unknown) => abandon(error, session, reporter));
  samples.close();
  log.close();
  await session.close();
  return { ending, summary: last as unknown as Decision };
}

const wishOf = (plan: Plan, reporter: Reporter) => {
  const { asked, chosen, config, db, ops, extra, metricsTextfile } = plan;
  return {
    ...{ kind: 'soak' as const, runId: asked.run_id, chosen, config, db, ops, extra, metricsTextfile },
    // Only a soak that acts does.
    writesConfig: asked.psi_actions === 'on',
    note: reporter.note,
    async state() {
      const original_text = await plan.read();
      asked.original_sample_every = readSampleEvery(original_text);
      const { run_id, ingest_mode, psi_actions, policy, leave, original_sample_every } = asked;
      return { run_id, ingest_mode, psi_actions, policy, leave, original_text, original_sample_every };
    },
  };
};

/** The log and the samples, opened once this soak is the only one here. */
async function openOutlets(plan: Plan, { manager, runState }: Session, reporter: Reporter) {
  const { name, why } = manager;
  const { details } = plan.chosen;
  const options: SoakOptions = {
    ...plan.asked,
    was_running: runState.was_running,
    manager: { name, why, ...(details === null ? {} : { details }) },
  };
  const requested = name === 'system' ? takeRequest('start') : undefined;
  if (requested !== undefined) options.requested = requested;
  if (options.psi_actions === 'on') warnOfBlindness(reporter);
  const log = openDecisionLog(plan.ops.decisions);
  if (log.tornLine !== null) {
    options.torn_line_kept_in = log.tornLine;
    reporter.note(`the decision log had a torn last line: cut off, kept in ${log.tornLine}`);
  }
  const samples = openSamples(plan.ops.samples, { options, environment: environment() }, () =>
    reporter.note(`${plan.ops.samples} is full: no more samples`),
  );
  return { options, log, samples };
}

/** The log's disk is full, or a bug: nothing can be recorded any more, but everything is still restored. */
async function abandon(error: unknown, session: Session, reporter: Reporter): Promise<never> {
  const failed = await session.restore();
  await session.close();
  reporter.note(failed === null ? 'restored as found' : `not restored: ${failed}`);
  throw unwritable(error);
}

function warnOfBlindness(reporter: Reporter): void {
  for (const [resource, psi] of Object.entries(hostPressure().read()))
    if (!psi.available)
      reporter.note(`PSI of ${resource} is unavailable: ${psi.why}; the verdict will be INCONCLUSIVE`);
}
