/** One step of the scheduler, µs: short against a second, long enough for days of simulated time. */
export const STEP_US = 50_000;

/**
 * Processor sharing among groups of threads: while more threads are runnable than there are CPUs, each advances at
 * CPUs/threads of full speed, and one that is done leaves the rest more. Nobody is idle while somebody waits.
 * Arrays, one entry a group, are reused from step to step. Times are µs of wall time within the step.
 */
export class Cpus {
  readonly cpus: number;
  /** Set before `run`: how many threads a group has, and the CPU time that each of them wants. */
  readonly threads: Float64Array;
  readonly wants: Float64Array;
  /** CPU time of all the group's threads. */
  readonly used: Float64Array;
  /** Wall time into the step at which its threads had what they wanted; the step's end if they never did. */
  readonly until: Float64Array;
  /** At least one of its threads, or all of its threads, were runnable and had no CPU. */
  readonly some: Float64Array;
  readonly full: Float64Array;
  private readonly order: number[];

  constructor(cpus: number, groups: number) {
    this.cpus = cpus;
    const array = () => new Float64Array(groups);
    [this.threads, this.wants, this.used] = [array(), array(), array()];
    [this.until, this.some, this.full] = [array(), array(), array()];
    this.order = Array.from({ length: groups }, (_, index) => index);
  }

  /** One step. Returns the time in which any thread of the host waited. */
  run(): number {
    const { cpus, threads, wants, used, until, some, full, order } = this;
    let runnable = 0;
    for (let i = 0; i < order.length; i++) {
      const want = Math.min(STEP_US, wants[i] as number);
      wants[i] = want;
      some[i] = 0;
      full[i] = 0;
      used[i] = (threads[i] as number) * want;
      until[i] = want;
      if (want > 0) runnable += threads[i] as number;
    }
    if (runnable <= cpus) return 0;
    this.sort();
    let time = 0;
    let done = 0;
    let finished = 0;
    for (let next = 0; next < order.length && runnable > cpus && time < STEP_US; next++) {
      const shortest = order[next] as number;
      const needed = (((wants[shortest] as number) - done) * runnable) / cpus;
      if (wants[shortest] === 0) continue;
      const lasts = Math.min(needed, STEP_US - time);
      const waiting = (runnable - cpus) / runnable;
      for (let i = next; i < order.length; i++) {
        const group = order[i] as number;
        const own = threads[group] as number;
        some[group] = (some[group] as number) + lasts * Math.min(1, own * waiting);
        full[group] = (full[group] as number) + lasts * waiting ** own;
      }
      done += (lasts * cpus) / runnable;
      time += lasts;
      if (lasts < needed) break;
      runnable -= threads[shortest] as number;
      until[shortest] = time;
      finished = next + 1;
    }
    const rest = done + STEP_US - time;
    for (let i = 0; i < order.length; i++) {
      const group = order[i] as number;
      const want = wants[group] as number;
      used[group] = (threads[group] as number) * Math.min(want, rest);
      if (i >= finished) until[group] = Math.min(STEP_US, time + want - done);
    }
    return time;
  }

  /** The groups by what a thread of them wants; mostly in order already. */
  private sort(): void {
    const { order, wants } = this;
    for (let i = 1; i < order.length; i++) {
      const group = order[i] as number;
      const want = wants[group] as number;
      let at = i;
      for (; at > 0 && (wants[order[at - 1] as number] as number) > want; at--) order[at] = order[at - 1] as number;
      order[at] = group;
    }
  }
}
