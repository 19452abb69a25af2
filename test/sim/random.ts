/** Numbers in [0, 1) from a 32-bit seed (mulberry32): the same seed gives the same host, byte for byte. */
export function seeded(seed: number): () => number {
  // Signed: an integer that V8 keeps without an object of its own.
  let at = seed | 0;
  return () => {
    at = (at + 0x6d2b79f5) | 0;
    let mixed = Math.imul(at ^ (at >>> 15), at | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

export type Random = () => number;
export const chance = (random: Random, share: number) => random() < share;
export const between = (random: Random, low: number, high: number) => low + random() * (high - low);
export const pick = <T>(random: Random, values: readonly T[]): T => values[Math.floor(random() * values.length)] as T;
