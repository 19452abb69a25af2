import type { Rule } from './rule.ts';

export const VERDICT_RULES: Record<string, Rule> = {};
