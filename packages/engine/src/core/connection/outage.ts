import { RunningTime } from '../running-time.ts';
import { LONGEST_REST_WHILE_DOWN_MS } from './backoff.ts';
import type { Candidate } from './choose.ts';
import type { Loss } from './loss.ts';

/** How the attempts at a source went, in running time (see `running-time.ts`); null if that has not happened. */
export interface Attempts {
  /** The last attempt or connection ended, for any reason. */
  endedAt: number | null;
  /** It was given up because nothing but malformed frames came. */
  garbageAt: number | null;
}

export interface Tried extends Candidate {
  attempts: Attempts;
}

export interface OutageDeadlines {
  unreachableMs: number;
  garbageMs: number;
}

/** Looks may be this far apart; a longer time is one in which the process did not run. */
const LONGEST_LOOK_MS = 2000;

/**
 * Whether the process should end because of its sources: only if a deadline has passed *and* no remedy is left, that is,
 * every source was tried in vain since. One that is still being tried within its own limits is a remedy.
 */
export class Outage {
  readonly #deadlines: OutageDeadlines;
  readonly #running: RunningTime;
  /** Since when no source is connected, and since when nothing but malformed frames has come; running time. */
  #downSince: number | null = 0;
  #garbageSince: number | null = null;

  /** Begins without a connection. Times are monotonic milliseconds. */
  constructor(deadlines: OutageDeadlines, nowMs: number) {
    this.#deadlines = deadlines;
    this.#running = new RunningTime(LONGEST_LOOK_MS, nowMs);
  }

  down(nowMs: number): void {
    this.#downSince ??= this.#running.look(nowMs);
  }

  up(): void {
    this.#downSince = null;
  }

  trade(): void {
    this.#garbageSince = null;
  }

  malformed(nowMs: number): void {
    this.#garbageSince ??= this.#running.look(nowMs);
  }

  /** An attempt at the source, or its connection, has ended. */
  ended({ attempts }: Tried, loss: Loss, nowMs: number): void {
    const running = this.#running.look(nowMs);
    attempts.endedAt = running;
    if (loss === 'garbage') attempts.garbageAt = running;
  }

  /** Why the process should end, and for how long that has lasted; null if it should go on. */
  look(sources: readonly Tried[], nowMs: number): { is: 'network' | 'parse'; forMs: number } | null {
    const now = this.#running.look(nowMs);
    const garbageSince = this.#garbageSince;
    const downSince = this.#downSince;
    if (garbageSince === null && downSince === null) return null;
    // A source that is left alone for longer than all are while down must wait because its server set a limit.
    const isResting = ({ backoff }: Tried) => backoff.readyAtWhileDown() > nowMs + LONGEST_REST_WHILE_DOWN_MS;
    const inVain = (since: number) => sources.every((one) => isResting(one) || (one.attempts.endedAt ?? -1) >= since);
    if (garbageSince !== null && now - garbageSince >= this.#deadlines.garbageMs) {
      const someGarbage = sources.some(({ attempts }) => (attempts.garbageAt ?? -1) >= garbageSince);
      if (someGarbage && inVain(garbageSince)) return { is: 'parse', forMs: now - garbageSince };
    }
    if (downSince !== null && now - downSince >= this.#deadlines.unreachableMs && inVain(downSince))
      return { is: 'network', forMs: now - downSince };
    return null;
  }
}
