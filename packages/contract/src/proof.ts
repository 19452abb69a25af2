import { z } from 'zod';

/** The proofs of `soak prove`, in the order in which they run. `restore` is always the last. */
export const PROOFS = [
  'preflight',
  'psi',
  'stall',
  'exit-code',
  'concurrency',
  'throttle',
  'restart',
  'crash',
  'outage',
  'ladder',
  'drift',
  'restore',
] as const;
export type ProofName = (typeof PROOFS)[number];

export const VERDICTS = ['PASS', 'FAIL', 'BLOCKED'] as const;
export type ProofVerdict = (typeof VERDICTS)[number];

const verdict = z.enum(VERDICTS).describe('BLOCKED: it could not be measured here; the reason says why');

/** One statement and what was measured for it. */
const checkSchema = z.object({
  what: z.string(),
  verdict,
  measured: z.string().min(1).describe('what was seen; for BLOCKED, why nothing could be'),
  hint: z.string().optional().describe('what to do about it'),
});
export type Check = z.infer<typeof checkSchema>;

export const proofSchema = z.object({
  name: z.enum(PROOFS),
  requirement: z.string(),
  method: z.string(),
  commands: z.array(
    z.object({ command: z.string(), exit_code: z.number().nullable(), output: z.string() }).describe('as it was run'),
  ),
  evidence: z.array(z.record(z.string(), z.unknown())).describe('records as they were read'),
  numbers: z.record(z.string(), z.object({ value: z.number(), unit: z.string() })),
  checks: z.array(checkSchema),
  verdict,
  reason: z.string(),
  took_s: z.number(),
});
export type Proof = z.infer<typeof proofSchema>;

/** `proof.json` of one `soak prove`. */
export const proofFileSchema = z.object({
  v: z.literal(1),
  run_id: z.string(),
  started: z.string().describe('UTC, microseconds, Z'),
  ended: z.string(),
  quick: z.boolean().describe('fewer repetitions'),
  unit: z.string(),
  manager: z.object({ name: z.enum(['system', 'user', 'embedded']), why: z.string() }),
  environment: z.record(z.string(), z.union([z.string(), z.number()])),
  asked: z.array(z.enum(PROOFS)),
  interrupted: z.enum(['SIGINT', 'SIGTERM']).nullable().describe('the signal that ended it early'),
  verdict,
  proofs: z.array(proofSchema),
});
export type ProofFile = z.infer<typeof proofFileSchema>;

/** The worst of all: FAIL, then BLOCKED. Where nothing was measured there is nothing to pass: BLOCKED. */
export function worst(verdicts: ProofVerdict[]): ProofVerdict {
  if (verdicts.includes('FAIL')) return 'FAIL';
  return verdicts.length === 0 || verdicts.includes('BLOCKED') ? 'BLOCKED' : 'PASS';
}

/** A proof's verdict follows from its checks alone; its reason names the ones that did not pass. */
export function proofVerdict(checks: Check[]): { verdict: ProofVerdict; reason: string } {
  const verdict = worst(checks.map((check) => check.verdict));
  if (checks.length === 0) return { verdict, reason: 'nothing was measured' };
  if (verdict === 'PASS') return { verdict, reason: `all ${checks.length} checks passed` };
  const said = checks.filter((check) => check.verdict === verdict).map(({ what, measured }) => `${what}: ${measured}`);
  return { verdict, reason: said.join('; ') };
}
