import { STEP_US } from './cpu.ts';

/** The kernel's period of `cpu.max`, µs. */
const PERIOD_US = 100_000;

/** A group's `cpu.max`: what it may use of each period, and how often and how long that kept it from running. */
export class Quota {
  nrThrottled = 0;
  /** Summed over the group's threads, as `throttled_usec` is over CPUs. */
  throttledUs = 0;
  private readonly perPeriod: number;
  private left: number;
  private into = 0;
  private hit = false;

  /** `cpus`: CPU time a second, in CPUs; null: no quota. */
  constructor(cpus: number | null) {
    this.perPeriod = cpus === null ? Number.POSITIVE_INFINITY : cpus * PERIOD_US;
    this.left = this.perPeriod;
  }

  /** What each of `threads` may use of the step that begins, of what it wants. */
  allow(threads: number, wantUs: number): number {
    return Math.min(wantUs, this.left / threads);
  }

  /**
   * After the step, `usedUs` by all threads, who had what they were allowed at `untilUs` of its wall time: a thread that
   * waits for a CPU is not throttled yet. Returns the wall time in which the group was throttled, µs.
   */
  settle(threads: number, wantUs: number, usedUs: number, untilUs: number): number {
    const limited = wantUs * threads > this.left + 1 && usedUs >= this.left - 1;
    const throttled = limited ? Math.max(0, STEP_US - untilUs) : 0;
    this.left = Math.max(0, this.left - usedUs);
    this.hit ||= throttled > 0;
    this.throttledUs += throttled * threads;
    this.into += STEP_US;
    if (this.into >= PERIOD_US) {
      if (this.hit) this.nrThrottled++;
      this.hit = false;
      this.into = 0;
      this.left = this.perPeriod;
    }
    return throttled;
  }
}
