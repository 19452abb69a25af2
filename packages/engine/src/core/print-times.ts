const DAY_MS = 86_400_000;
const YEAR_MS = 366 * DAY_MS;
/** A wall clock before 2025 is not set (a board without a battery starts in 1970): it says nothing about a trade's time. */
const CLOCK_UNSET_MS = 1_735_689_600_000;
/** Trades in a row that outweigh the wall clock. */
const CONFIRMATIONS = 3;

/**
 * Whether a trade's time can be: not more than a day ahead of the wall clock. Neither the clock nor one stamp is believed alone:
 * several trades in a row ahead of the clock, each within a year of the one before, show that the clock is behind. Old times are
 * sound (recordings are served as live feeds); the mappers refuse what is before 2009.
 */
export class PrintTimes {
  /** Up to here a time is sound without asking the clock again. */
  #soundUntil = Number.NEGATIVE_INFINITY;
  /** The last time that was believed against the clock. */
  #believed = Number.NEGATIVE_INFINITY;
  #doubted = 0;
  #count = 0;

  /** `ts`: exchange time, ms; `nowMs` gives wall time. */
  isSound(ts: number, nowMs: () => number): boolean {
    if (ts <= this.#soundUntil && this.#count === 0) return true;
    const now = nowMs();
    this.#soundUntil = now + DAY_MS;
    if (ts <= this.#soundUntil || now < CLOCK_UNSET_MS) {
      this.#count = 0;
      return true;
    }
    if (ts <= this.#believed + YEAR_MS) {
      this.#believed = ts;
      return true;
    }
    this.#count = this.#count > 0 && Math.abs(ts - this.#doubted) <= YEAR_MS ? this.#count + 1 : 1;
    this.#doubted = ts;
    if (this.#count < CONFIRMATIONS) return false;
    this.#believed = ts;
    this.#count = 0;
    return true;
  }
}
