import { z } from 'zod';
import { RUNGS } from './ladder.ts';
import { POLICIES, PSI_ACTIONS } from './modes.ts';

/** Every action a decision record can have. A rung change is an ENGINE_RESTART whose `state` is the new rung. */
export const ACTIONS = [
  'STARTUP',
  'CALIBRATED',
  'ENGINE_START',
  'ENGINE_RESTART',
  'ENGINE_RESTARTED',
  'ENGINE_RESTART_FAILED',
  'ENGINE_EXIT',
  'ENGINE_STOP',
  'STALL',
  'QUIET',
  'STARVED',
  'HOLD',
  'PSI_LOGONLY',
  'PSI_UNAVAILABLE',
  'THROTTLE_MAX',
  'CONFIG_ERROR',
  'RESTORED',
  'ABORT',
  'STOP',
  'COMPLETE',
  'SUMMARY',
] as const;
export type Action = (typeof ACTIONS)[number];

const psiFields = Object.fromEntries(
  ['cpu', 'memory', 'io'].flatMap((resource) =>
    ['some', 'full'].flatMap((kind) => [
      [`${resource}_${kind}_raw`, z.string().optional().describe("the kernel's line, byte for byte")],
      [`${resource}_${kind}_avg10`, z.number().optional().describe('percent of wall time in which tasks waited')],
    ]),
  ),
) as Record<`${'cpu' | 'memory' | 'io'}_${'some' | 'full'}_${'raw'}`, z.ZodOptional<z.ZodString>> &
  Record<`${'cpu' | 'memory' | 'io'}_${'some' | 'full'}_${'avg10'}`, z.ZodOptional<z.ZodNumber>>;

/**
 * One line of `data/ops/soak_decisions.jsonl`. The first ten fields stand in every record in this order, then the
 * pressure where it was read, then whatever the action needs. The earlier tool's records have neither `seq` nor `policy`.
 */
export const decisionSchema = z
  .object({
    timestamp: z.string().describe('UTC, microseconds, Z'),
    run_id: z.string().describe('UUID of the run'),
    seq: z.number().int().optional().describe('1, 2, 3 … within the run'),
    ingest_mode: z.string(),
    psi_actions: z.enum(PSI_ACTIONS),
    policy: z.enum(POLICIES).optional(),
    state: z.enum(RUNGS),
    current_sample_every: z.number().int(),
    action: z.enum(ACTIONS),
    reason: z.string(),
    ...psiFields,
  })
  .catchall(z.unknown());

export type DecisionRecord = z.infer<typeof decisionSchema>;
