import { z } from 'zod';
import { FIELDS, psiFields } from './decision-fields.ts';
import { RUNGS } from './ladder.ts';
import { POLICIES, PSI_ACTIONS } from './modes.ts';
import { isLogged } from './stamp.ts';

/** What stands in every record; the first ten fields in this order. */
const common = {
  timestamp: z.string().describe('UTC, microseconds, Z'),
  run_id: z.string().describe('UUID of the run'),
  seq: z.number().int().min(1).describe('1, 2, 3 … within the run'),
  ingest_mode: z.string(),
  psi_actions: z.enum(PSI_ACTIONS),
  policy: z.enum(POLICIES),
  state: z.enum(RUNGS),
  current_sample_every: z.number().int(),
};

/** A record of that action: what every record has, the pressure if it was read, then the fields of its own. */
function member<A extends string, K extends keyof typeof FIELDS, O extends keyof typeof FIELDS = never>(
  action: A,
  own: readonly K[],
  maybe: readonly O[] = [],
) {
  const always = Object.fromEntries(own.map((key) => [key, FIELDS[key]])) as Pick<typeof FIELDS, K>;
  const sometimes = Object.fromEntries(maybe.map((key) => [key, FIELDS[key].optional()])) as {
    [key in O]: z.ZodOptional<(typeof FIELDS)[key]>;
  };
  return z.strictObject({
    ...common,
    action: z.literal(action),
    reason: z.string().describe('for people; programs go by codes'),
    ...psiFields,
    ...always,
    ...sometimes,
    effect: FIELDS.effect.optional(),
    effect_id: FIELDS.effect_id.optional(),
  });
}

const PROGRESS = ['seconds_since_progress', 'ticks_count', 'last_tick_ts', 'heartbeat_age_s'] as const;
const JUDGED = ['over', 'pressure', 'share', 'part', 'limit'] as const;
const MOVED = ['held_for_s', 'recover_hold_s', 'exit_code'] as const;
const OUTCOME = ['ok', 'took_ms', 'invocation_id', 'unit_pid'] as const;
const FOUND = ['unit', 'manager', 'original_sample_every', 'was_running'] as const;
const ASKED = ['duration_s', 'interval_s', 'calibrate_s', 'apply', 'leave', 'limit', 'parameters'] as const;
const EXIT = ['exit_code', 'exit_name', 'signal', 'result', 'exits', 'n_restarts'] as const;
const COUNTS = ['restarts', 'stalls', 'engine_exits', 'ticks', 'ticks_per_second'] as const;
const TIMES = ['duration_s', 'calibrated_s', 'time_per_rung_s', 'classes_s', 'ambient_s'] as const;
const PRESSURES = ['baseline', 'pressure', 'others_pressure', 'effect_usec_per_frame'] as const;

/**
 * One line of `data/ops/soak_decisions.jsonl`, by its action. A rung change is an ENGINE_RESTART whose `state` is the new
 * rung. A field has the same meaning in all records that have it.
 */
export const decisionSchema = z.discriminatedUnion('action', [
  member(
    'STARTUP',
    [...FOUND, ...ASKED, 'thresholds'],
    ['manager_details', 'torn_line_kept_in', 'abort_on', 'retain_days', 'requested'],
  ),
  member('CALIBRATED', ['calibrated_s', 'baseline', 'measurements']),
  member('ENGINE_START', ['attempt']),
  member('ENGINE_RESTART', ['cause'], [...PROGRESS, ...JUDGED, ...MOVED, 'stall_streak', 'from', 'from_sample_every']),
  member('ENGINE_RESTARTED', [...OUTCOME]),
  member('ENGINE_RESTART_FAILED', [...OUTCOME, 'error']),
  member('ENGINE_EXIT', [...EXIT, 'invocation_id', 'unit_pid', 'by', 'end_reason']),
  member('ENGINE_STOP', [], [...OUTCOME, 'error']),
  member('STALL', [...PROGRESS, 'stall_streak']),
  member('QUIET', [...PROGRESS, 'quiet']),
  member('STARVED', [...PROGRESS]),
  member('HOLD', ['hold'], [...PROGRESS, ...JUDGED, ...MOVED, 'effect_usec_per_frame']),
  member('PSI_LOGONLY', ['cause'], [...JUDGED, ...MOVED, 'would_be', 'would_be_sample_every', 'would_abort']),
  member('PSI_UNAVAILABLE', ['resource']),
  member('THROTTLE_MAX', [], [...JUDGED, 'exit_code']),
  member('CONFIG_ERROR', ['exit_code'], ['waits_for']),
  member('RESTORED', [], [...OUTCOME, 'error', 'unit']),
  member('ABORT', ['cause'], [...PROGRESS, ...JUDGED, 'exit_code', 'waits_for']),
  member('STOP', [], ['waits_for', 'requested']),
  member('COMPLETE', [], ['waits_for']),
  member(
    'SUMMARY',
    ['verdict', 'exit_code', 'thresholds', ...TIMES, ...COUNTS, ...PRESSURES],
    ['drift', 'completeness'],
  ),
]);

export type Decision = z.infer<typeof decisionSchema>;
export type Action = Decision['action'];
/** Every action that a record can have. */
export const ACTIONS: readonly Action[] = decisionSchema.options.map(({ shape }) => shape.action.value);

/** A record without what is the same for every record of a moment: what a writer has to say. */
export type DecisionBody = Decision extends infer D
  ? D extends Decision
    ? Omit<D, keyof typeof common | keyof typeof psiFields | 'effect' | 'effect_id'>
    : never
  : never;

const KNOWN: ReadonlyMap<string, z.ZodType> = new Map<string, z.ZodType>(
  Object.entries({ ...common, reason: z.string(), ...psiFields, ...FIELDS }),
);

type Field<S> = S extends z.ZodType ? z.infer<S> | undefined : never;

/**
 * A line of a decision log, by this tool or the earlier one, which has the same field names and neither `seq` nor `policy`.
 * Two fields are certain; any other is as its action has it, or missing.
 */
export type LoggedDecision = { timestamp: string; action: string } & {
  [key in Exclude<keyof typeof common, 'timestamp'>]?: Field<(typeof common)[key]>;
} & { [key in keyof typeof psiFields]?: Field<(typeof psiFields)[key]> } & {
  [key in keyof typeof FIELDS]?: Field<(typeof FIELDS)[key]>;
} & { reason?: string };

/** A parsed line as a record; null if it is not one. A field of another type than the schema's reads as missing. */
export function loggedDecision(value: unknown): LoggedDecision | null {
  if (!isLogged(value)) return null;
  const { timestamp, action } = value;
  const record: Record<string, unknown> = { timestamp, action };
  // Field by field: a log has millions of lines, and each has a tenth of the fields there are.
  for (const [key, field] of Object.entries(value)) {
    const schema = KNOWN.get(key);
    const read = schema?.safeParse(field);
    if (read === undefined) record[key] = field;
    else if (read.success && read.data !== undefined) record[key] = read.data;
  }
  return record as LoggedDecision;
}
