import { configSchema } from '@hybrid-soak/contract/config.ts';
import { POLICIES, PSI_ACTIONS } from '@hybrid-soak/contract/modes.ts';
import type { SoakOptions } from '../core/options.ts';
import type { LogRecord } from './log-observations.ts';
import { type Changes, hasFields } from './recorded.ts';

/**
 * The options of a run that is known by its decision log alone: those of STARTUP, the defaults for the earlier tool's.
 * `first`: a record of the run; `spanS`: seconds from its first to its last look; `complete`: it ended by its time.
 */
export function optionsOf(
  first: LogRecord,
  startup: LogRecord | null,
  { spanS, complete }: { spanS: number; complete: boolean },
): SoakOptions {
  const begun: Record<string, unknown> = startup ?? {};
  return withDefaults({
    run_id: first.run_id ?? '',
    ...(first.ingest_mode === undefined ? {} : { ingest_mode: first.ingest_mode as SoakOptions['ingest_mode'] }),
    ...(first.psi_actions !== undefined && PSI_ACTIONS.includes(first.psi_actions)
      ? { psi_actions: first.psi_actions }
      : {}),
    ...(first.policy !== undefined && POLICIES.includes(first.policy) ? { policy: first.policy } : {}),
    ...(typeof begun['original_sample_every'] === 'number'
      ? { original_sample_every: begun['original_sample_every'] }
      : {}),
    ...(begun['apply'] === 'reload' ? { apply: 'reload' as const } : {}),
    ...(hasFields(begun['parameters']) ? { parameters: begun['parameters'] as SoakOptions['parameters'] } : {}),
    ...(hasFields(begun['thresholds'])
      ? { thresholds: withoutRows(begun['thresholds'] as SoakOptions['thresholds']) }
      : {}),
    ...(Array.isArray(begun['abort_on'])
      ? { abort_on: begun['abort_on'] as NonNullable<SoakOptions['abort_on']> }
      : {}),
    ...(typeof begun['retain_days'] === 'number' ? { retain_days: begun['retain_days'] } : {}),
    duration_s: typeof begun['duration_s'] === 'number' ? begun['duration_s'] : assumedDuration(spanS, complete),
  });
}

/** A log that is longer than a soak's default time is still one soak, and one that is complete has run its time. */
const assumedDuration = (spanS: number, complete: boolean) =>
  complete ? Math.max(1, Math.floor(spanS)) : Math.max(7200, Math.ceil(spanS) + 1);

/** A decision log does not tell how many rows came. */
const withoutRows = ({ min_ticks_per_second: _, ...rest }: SoakOptions['thresholds']) => rest;

/** Options as they are written today; an older recording may lack some. */
export function withDefaults(options: Partial<SoakOptions>): SoakOptions {
  const { policy: parameters } = configSchema.parse({}).soak;
  return {
    run_id: '',
    ingest_mode: 'synthetic',
    psi_actions: 'on',
    policy: 'adaptive',
    thresholds: {},
    duration_s: 7200,
    interval_s: 5,
    apply: 'restart',
    leave: 'as-found',
    original_sample_every: null,
    was_running: true,
    manager: { name: 'system', why: 'recorded' },
    unit: 'hybrid-engine.service',
    ...options,
    parameters: { ...parameters, ...options.parameters },
  };
}

export const changed = (options: SoakOptions, { policy, parameters }: Changes): SoakOptions => ({
  ...options,
  ...(policy === undefined ? {} : { policy }),
  parameters: { ...options.parameters, ...parameters },
});
