import type { Loss } from './loss.ts';

export interface BackoffRules {
  backoff_base_ms: number;
  backoff_max_ms: number;
  refused_backoff_ms: number;
  healthy_after_ms: number;
}

/** While every source is down none is left alone for longer, so that rows come back soon after an exchange does. */
export const LONGEST_REST_WHILE_DOWN_MS = 10_000;

/**
 * When a source may be tried again: exponential with full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), reset after a healthy connection. Times
 * are monotonic milliseconds.
 */
export class Backoff {
  readonly #rules: BackoffRules;
  readonly #random: () => number;
  #failures = 0;
  #retried = false;
  #lostAt = Number.NEGATIVE_INFINITY;
  #limited = false;
  /** Not before this, as long as another source works. */
  readyAt = 0;

  /** `random` gives numbers from 0 to 1. */
  constructor(rules: BackoffRules, random: () => number) {
    this.#rules = rules;
    this.#random = random;
  }

  /** Continues a rest that an earlier process began: until `readyAt`, and not cut short if the server had set a limit. */
  resume(readyAt: number, isLimited: boolean, lostAt: number): void {
    this.readyAt = readyAt;
    this.#limited = isLimited;
    this.#lostAt = lostAt;
  }

  /** The same while every source is down; a server that said "too often" keeps its rest. */
  readyAtWhileDown(): number {
    return this.#limited ? this.readyAt : Math.min(this.readyAt, this.#lostAt + LONGEST_REST_WHILE_DOWN_MS);
  }

  /**
   * True if the same source should be tried again before any other: it left in good order, and not twice in a row. `askedMs`: the
   * rest that a server that sets a limit has asked for, null if it has not said.
   */
  lost(loss: Loss, livedMs: number, nowMs: number, askedMs: number | null = null): boolean {
    const { backoff_base_ms: base, backoff_max_ms: max, refused_backoff_ms: refused, healthy_after_ms } = this.#rules;
    if (livedMs >= healthy_after_ms) {
      this.#failures = 0;
      this.#retried = false;
    }
    this.#lostAt = nowMs;
    this.#limited = loss === 'limited';
    if (loss === 'limited' && askedMs !== null) {
      this.readyAt = nowMs + askedMs + this.#random() * base;
      return false;
    }
    if (loss === 'refused' || loss === 'limited' || loss === 'garbage') {
      this.readyAt = nowMs + refused * (0.5 + this.#random() / 2);
      return false;
    }
    const again = loss === 'leaving' && !this.#retried;
    if (again) this.#retried = true;
    else this.#failures++;
    const ceiling = again ? base : Math.min(max, base * 2 ** Math.min(this.#failures - 1, 20));
    this.readyAt = nowMs + this.#random() * ceiling;
    return again;
  }
}
