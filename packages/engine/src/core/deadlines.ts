import { RunningTime } from './running-time.ts';

/** What the deadlines look at: counts since the start. */
export interface Progress {
  dropped: number;
  commits: number;
  /** Half of the queue or more is taken. Asked only if something was dropped. */
  isHalfFull(): boolean;
}

export type Overdue = 'the disk cannot keep up' | 'the queue cannot keep up';

/** Looks may be this far apart, ms; a longer time is one in which the process did not run. */
const LONGEST_LOOK_MS = 2000;

/** The deadline of overload, in time in which this process ran. Those of the sources are in `connection/outage.ts`. */
export class Deadlines {
  readonly #overloadMs: number;
  readonly #running: RunningTime;
  #seen: Progress;
  /** In running time: the last commit, and the first drop since half of the queue was free; null if there is none. */
  #committedAt = 0;
  #fullSince: number | null = null;

  /** Times are monotonic milliseconds. */
  constructor(overloadMs: number, seen: Progress, nowMs: number) {
    this.#overloadMs = overloadMs;
    this.#seen = seen;
    this.#running = new RunningTime(LONGEST_LOOK_MS, nowMs);
  }

  /** What is past its deadline; null if nothing is. */
  look(now: Progress, nowMs: number): Overdue | null {
    const seen = this.#seen;
    const running = this.#running.look(nowMs);
    this.#seen = now;
    if (now.commits !== seen.commits) this.#committedAt = running;
    if (now.dropped > seen.dropped) this.#fullSince ??= running;
    else if (this.#fullSince !== null && !now.isHalfFull()) this.#fullSince = null;

    if (running - this.#committedAt > this.#overloadMs) return 'the disk cannot keep up';
    const isFull = this.#fullSince !== null && running - this.#fullSince > this.#overloadMs;
    return isFull ? 'the queue cannot keep up' : null;
  }
}
