import type { Loss } from './loss.ts';

export interface BackoffRules {
  backoff_base_ms: number;
  backoff_max_ms: number;
  refused_backoff_ms: number;
  healthy_after_ms: number;
}

/**
 * When a source may be tried again: exponential with full jitter
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/), begun anew after a healthy connection. Times
 * are monotonic milliseconds.
 */
export class Backoff {
  readonly #rules: BackoffRules;
  readonly #random: () => number;
  #failures = 0;
  #retried = false;
  /** Not before this. */
  readyAt = 0;

  /** `random` gives numbers from 0 to 1. */
  constructor(rules: BackoffRules, random: () => number) {
    this.#rules = rules;
    this.#random = random;
  }

  /** True where the same source is to be tried again before any other: it left in good order, and not twice in a row. */
  lost(loss: Loss, livedMs: number, nowMs: number): boolean {
    const { backoff_base_ms: base, backoff_max_ms: max, refused_backoff_ms: refused, healthy_after_ms } = this.#rules;
    if (livedMs >= healthy_after_ms) {
      this.#failures = 0;
      this.#retried = false;
    }
    if (loss === 'refused') {
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
