import { z } from 'zod';

const fraction = z.number().min(0).max(1);
const percent = z.number().min(0).max(100);

/** The parameters of the policy; every one has a default and a text that says its unit. */
export const policySchema = z.strictObject({
  cpu_limit: percent.default(20).describe("percent of stall time on cpu: the engine's part (classic: `some avg10`)"),
  memory_limit: percent.default(10).describe("percent of stall time on memory: the engine's part"),
  io_limit: percent.default(15).describe("percent of stall time on io: the engine's part"),
  window_s: z.number().min(2).max(30).default(10).describe('seconds over which pressure, share and part are averaged'),
  calibrate_s: z.number().min(0).max(600).default(10).describe('seconds of baseline before the first start; 0 = none'),
  sustain_s: z.number().min(0).max(600).default(10).describe('seconds over the limit without a break before a rung'),
  cooldown_s: z.number().min(0).max(3600).default(30).describe('seconds from a rung in force to the next escalation'),
  startup_s: z.number().min(0).max(600).default(60).describe('seconds; a start-up without a frame ends then'),
  recover_fraction: fraction.default(0.8).describe('of the limits, below which a lower rung has to stay'),
  recover_hold_s: z.number().min(0).max(3600).default(60).describe('seconds that a lower rung has to be good for'),
  flap_window_s: z
    .number()
    .min(0)
    .max(7200)
    .default(900)
    .describe('an escalation this soon after a recovery doubles the hold'),
  max_recover_hold_s: z.number().min(0).max(7200).default(1800).describe('seconds; the doubled hold stops here'),
  max_restarts_per_hour: z.number().int().min(0).max(1000).default(12).describe('recoveries and stall restarts'),
  abort_after_s: z.number().min(0).max(3600).default(120).describe('seconds over the limit at THROTTLE3 before ABORT'),
  stall_threshold_s: z.number().min(1).max(3600).default(45).describe('seconds without a new row'),
  stall_grace_s: z.number().min(0).max(600).default(15).describe('seconds after a start before a stall restarts again'),
  max_stall_restarts: z.number().int().min(0).max(100).default(3).describe('in a row without progress, then ABORT'),
  quiet_limit_s: z.number().min(0).max(86400).default(900).describe('seconds of a quiet market before it is a stall'),
  heartbeat_fresh_s: z.number().min(1).max(600).default(10).describe('seconds; an older heartbeat is not fresh'),
  drift_horizon_days: z
    .number()
    .min(0)
    .max(3650)
    .default(14)
    .describe('days; a slope is drift if a limit would be met within them (memory, descriptors, disk)'),
  starved_stretch: z.number().min(1).max(2).default(2).describe('times the stall threshold when starved'),
});

/** Keys that `[soak.policy]` had before the limits applied to the engine's part, and what stands for them now. */
export const REMOVED_POLICY_KEYS: Readonly<Record<string, string>> = {
  cpu_margin: 'cpu_limit',
  memory_margin: 'memory_limit',
  io_margin: 'io_limit',
  max_effective_limit: 'cpu_limit, memory_limit, io_limit',
  attribution_share: 'cpu_limit, memory_limit, io_limit',
  effect_fraction: 'recover_fraction',
};

const whole = z.number().int().nonnegative();

/** What a soak is judged by. The first five are judged unless the config says otherwise. */
export const thresholdsSchema = z.strictObject({
  max_stalls: whole.default(0),
  max_engine_exits: whole.default(0).describe('but exit code 10 and what somebody asked for'),
  max_dropped: whole.default(0).describe('rows that the engine dropped'),
  min_coverage_percent: percent.default(99).describe('of the trades of the time connected'),
  max_over_limit_percent: percent.default(10).describe("of the time, by the engine's part or its quota"),
  min_ticks_per_second: z.number().nonnegative().optional(),
  max_throttled_percent: percent.optional().describe('of the time above the rung that was found'),
  max_restarts: whole.optional(),
  max_missing_trades: whole.optional(),
  max_memory_growth_mib_per_hour: z.number().nonnegative().optional(),
  max_commit_latency_p99_ms: z.number().nonnegative().optional(),
});

export type SoakPolicy = z.infer<typeof policySchema>;
export type SoakThresholds = z.infer<typeof thresholdsSchema>;
