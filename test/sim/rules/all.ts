import type { Trace } from '../drive.ts';
import { ORDER_RULES } from './order.ts';
import { PRESSURE_RULES } from './pressure.ts';
import { RECOVERY_RULES } from './recovery.ts';
import type { Rule } from './rule.ts';
import { STALL_RULES } from './stall.ts';
import { VERDICT_RULES } from './verdict.ts';

export const RULES: Record<string, Rule> = {
  ...ORDER_RULES,
  ...PRESSURE_RULES,
  ...RECOVERY_RULES,
  ...STALL_RULES,
  ...VERDICT_RULES,
};

/** The first rule that a run breaks, and how; null if it keeps them all. */
export function broken(trace: Trace): { rule: string; how: string } | null {
  for (const [rule, holds] of Object.entries(RULES)) {
    const how = holds(trace);
    if (how !== null) return { rule, how };
  }
  return null;
}
