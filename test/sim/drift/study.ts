import { judge, type Noise } from './runs.ts';

const THRESHOLD = 0.5;
const HOURS = 2;
/** MiB/h and hours of the curves. */
export const POWERS = { leaks: [0, 0.25, 0.5, 0.75, 1, 1.5, 2, 3], hours: [1, 2, 4] };

export interface Curve {
  hours: number;
  /** Share of the runs in which memory was called drift, by the leak. */
  found: number[];
}

export interface Found {
  falseAlarms: number;
  power: number;
  coverage: { heap: number; private_memory: number };
  curves: Curve[];
}

/** Judges runs with and without a leak of 1 MiB/h; with `curves` also other leaks and lengths, a tenth as often. */
export function study(noise: Noise, runs: number, seed: number, { curves = false, hours = HOURS } = {}): Found {
  const seeds = Array.from({ length: runs }, (_, n) => seed * 1_000_003 + n);
  const run = (one: number, hours: number, leak: number) =>
    judge(noise, { seed: one, hours, leak, threshold: THRESHOLD });
  const share = (hits: boolean[]) => hits.filter(Boolean).length / hits.length;
  const quiet = seeds.map((one) => run(one, hours, 0));
  const holds = (signal: string) =>
    share(
      quiet.flatMap((found) =>
        found.flatMap(({ signal: s, low, high }) =>
          s === signal && low !== null && high !== null ? [low <= 0 && high >= 0] : [],
        ),
      ),
    );
  const detected = (one: number, hours: number, leak: number) =>
    run(one, hours, leak).some(({ signal, drift }) => drift && (signal === 'heap' || signal === 'private_memory'));
  const few = seeds.slice(0, Math.ceil(runs / 10));
  return {
    falseAlarms: share(quiet.map((found) => found.some(({ drift }) => drift))),
    power: share(seeds.map((one) => detected(one, hours, 1))),
    coverage: { heap: holds('heap'), private_memory: holds('private_memory') },
    curves: curves
      ? POWERS.hours.map((hours) => ({
          hours,
          found: POWERS.leaks.map((leak) => share(few.map((one) => detected(one, hours, leak)))),
        }))
      : [],
  };
}
