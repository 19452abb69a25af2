import type { Effect } from './effect.ts';

export interface EffectMemory {
  nextId: number;
  /** The effect under way, and since when; at most one. */
  pending: Effect | null;
  pendingSince: number;
  /** Attempts of the effect that a phase waits for: the first start, the restoring. */
  attempts: number;
}

export const noEffect = (): EffectMemory => ({ nextId: 1, pending: null, pendingSince: 0, attempts: 0 });
