/** A link that takes longer for less than this looks like one that is dead. */
const LEAST_SHARE = 1 / 128;
const USUAL_MS = 5000;
const MOST_MS = 60_000;
/** What is stored within this time may be twice as much next time, ms. */
const QUICK_MS = 1000;

/**
 * How much a session asks of its link at once, and how long it waits for an answer. Kept over sessions: on a slow link a session that asks for
 * as much as the one before it would end as that one did, and nothing would ever arrive.
 */
export class Pace {
  /** Of what is sent or asked for at once on a fast link; 1 there. */
  share = 1;
  /** For an answer, ms. */
  patienceMs = USUAL_MS;

  /** An answer did not come in time. */
  slower(): void {
    this.share = Math.max(this.share / 4, LEAST_SHARE);
    this.patienceMs = Math.min(this.patienceMs * 2, MOST_MS);
  }

  /** As much as `of` allows was answered after that time, ms. What is less says nothing of the link. */
  answered(ms: number): void {
    if (ms > QUICK_MS || this.share === 1) return;
    this.share = Math.min(this.share * 2, 1);
    if (this.share === 1) this.patienceMs = USUAL_MS;
  }

  /** That part of a number, 1 at least. */
  of(most: number): number {
    return Math.max(1, Math.floor(most * this.share));
  }
}

/** An answer that did not come in time: the link is too slow for what was asked, or dead. */
export const isLate = (error: unknown): boolean =>
  error instanceof Error && (error.name === 'TimeoutError' || /heartbeats missed|stale connection/.test(error.message));
