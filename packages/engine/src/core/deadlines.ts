/** What is looked at: counts since the start, and the time of the last commit in any unit. */
export interface Progress {
  malformed: number;
  /** Frames that were not malformed. */
  good: number;
  dropped: number;
  lastCommit: number;
  /** Half of the queue or more is taken. */
  isHalfFull: boolean;
}

export type Overdue = 'nothing but malformed frames' | 'the disk cannot keep up' | 'the queue cannot keep up';

/** A look that comes later than this counts as this, ms: a process that was frozen or starved is not late by its sleep. */
const LONGEST_LOOK_MS = 1000;

/** The deadlines of garbage and of overload, in time in which this process ran. */
export class Deadlines {
  readonly #garbageMs: number;
  readonly #overloadMs: number;
  #seen: Progress;
  #lookedAt: number;
  #running = 0;
  /** On the clock of `#running`: when the first malformed frame since the last good one came, the last commit, and the first
   * drop since half of the queue was free; null where there is none. */
  #garbageSince: number | null = null;
  #committedAt = 0;
  #fullSince: number | null = null;

  /** Times are monotonic milliseconds. */
  constructor(garbageMs: number, overloadMs: number, seen: Progress, nowMs: number) {
    this.#garbageMs = garbageMs;
    this.#overloadMs = overloadMs;
    this.#seen = seen;
    this.#lookedAt = nowMs;
  }

  /** What is past its deadline; null where nothing is. */
  look(now: Progress, nowMs: number): Overdue | null {
    const seen = this.#seen;
    this.#running += Math.min(nowMs - this.#lookedAt, LONGEST_LOOK_MS);
    this.#lookedAt = nowMs;
    this.#seen = now;
    const running = this.#running;
    if (now.good > seen.good) this.#garbageSince = null;
    const isGarbage = now.malformed > seen.malformed && now.good === seen.good;
    if (isGarbage) this.#garbageSince ??= running;
    if (now.lastCommit !== seen.lastCommit) this.#committedAt = running;
    if (now.dropped > seen.dropped) this.#fullSince ??= running;
    else if (!now.isHalfFull) this.#fullSince = null;

    const isPast = (since: number | null, deadline: number) => since !== null && running - since > deadline;
    // Silence after a single malformed frame is no garbage.
    if (isGarbage && isPast(this.#garbageSince, this.#garbageMs)) return 'nothing but malformed frames';
    if (isPast(this.#committedAt, this.#overloadMs)) return 'the disk cannot keep up';
    return isPast(this.#fullSince, this.#overloadMs) ? 'the queue cannot keep up' : null;
  }
}
