import { seeded } from '../random.ts';

/** How a load changes in time: a factor between `low` and 1. All times are seconds of the run. */
export type Wave =
  | { kind: 'flat' }
  | { kind: 'square'; on_s: number; off_s: number; low: number; from_s: number }
  | { kind: 'sine'; period_s: number; low: number }
  /** Another level every `every_s`. */
  | { kind: 'jumps'; every_s: number; low: number; seed: number };

export const FLAT: Wave = { kind: 'flat' };

export function levelOf(wave: Wave, second: number): number {
  switch (wave.kind) {
    case 'flat':
      return 1;
    case 'square': {
      const into = (second - wave.from_s) % (wave.on_s + wave.off_s);
      return into >= 0 && into < wave.on_s ? 1 : wave.low;
    }
    case 'sine':
      return wave.low + (1 - wave.low) * (0.5 - 0.5 * Math.cos((2 * Math.PI * second) / wave.period_s));
    case 'jumps': {
      const random = seeded(wave.seed + Math.floor(second / wave.every_s) * 7919);
      return wave.low + (1 - wave.low) * random();
    }
    default:
      return wave satisfies never;
  }
}
