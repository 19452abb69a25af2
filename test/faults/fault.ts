import { type Random, seeded } from '../sim/random.ts';

export interface Round {
  count: number;
  seed: number;
  random: Random;
}

/** One kind of trouble, inflicted many times. */
export interface Fault {
  name: string;
  /** What must hold. */
  what: string;
  /** How often in a full campaign. */
  full: number;
  /** How often in the tests. */
  short: number;
  /** What was measured; rejects with what did not hold, or with NotPossible. */
  inflict(round: Round): Promise<string>;
}

/** The fault cannot be made on this machine, and why. */
export class NotPossible extends Error {
  override name = 'NotPossible';
}

export function check(what: string, holds: boolean, seen: unknown = ''): void {
  if (!holds) throw new Error(`${what}${seen === '' ? '' : `: ${JSON.stringify(seen)}`}`);
}

export const roundOf = (count: number, seed: number): Round => ({ count, seed, random: seeded(seed) });
