import { RUNGS, type Rung, SAMPLE_EVERY } from '@hybrid-soak/contract/ladder.ts';

/** A rung and the `[engine] sample_every` that it writes. */
export interface LadderStep {
  rung: Rung;
  sample_every: number;
}

/**
 * This run's ladder. NORMAL is what was found where that is none of the ladder's values, and only rungs that keep fewer
 * messages than that are above it: a rung never lets more through than the operator did.
 */
export function ladderFor(original: number | null): readonly LadderStep[] {
  const found = original ?? SAMPLE_EVERY.NORMAL;
  const all = RUNGS.map((rung) => ({ rung, sample_every: SAMPLE_EVERY[rung] }));
  if (all.some((step) => step.sample_every === found)) return all;
  return [{ rung: 'NORMAL', sample_every: found }, ...all.filter((step) => step.sample_every > found)];
}

export function rungAbove(ladder: readonly LadderStep[], rung: Rung): LadderStep | null {
  return ladder[ladder.findIndex((step) => step.rung === rung) + 1] ?? null;
}

export function rungBelow(ladder: readonly LadderStep[], rung: Rung): LadderStep | null {
  return ladder[ladder.findIndex((step) => step.rung === rung) - 1] ?? null;
}
