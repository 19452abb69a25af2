import type { Moment } from './moment.ts';

/** A wall clock that is off by more than this against the monotonic one has jumped, ms. */
const JUMP_MS = 60_000;
/** A stamp is wrong if it is later than both the clock and the newest rows by more than this, ms. */
const AHEAD_MS = 86_400_000;
/** How long nothing is deleted after a jump. */
const REST_MS = 3_600_000;

export interface Retained {
  /** Rows with older stamps may be deleted; null: none. */
  beforeMs: number | null;
  /** By how much the wall clock has jumped since the last look; null if it has not. */
  jumpedMs: number | null;
}

/**
 * Up to which stamp retention may delete. Neither the clock nor a stamp is believed alone: of the clock and the newest
 * committed rows it goes by the one that deletes less. Stamps that the engine makes itself follow its clock and prove
 * nothing: then the rows of earlier lives count, plus the time since. A jump of the clock suspends it for an hour.
 */
export class Retention {
  readonly #retainMs: number;
  readonly #ownStamps: boolean;
  #newest: Moment | null;
  #offsetMs: number;
  #restUntil = Number.NEGATIVE_INFINITY;

  /** `newestMs`: the stamp of the newest rows at the start, null if there are none. */
  constructor(retainMs: number, ownStamps: boolean, newestMs: number | null, { wallMs, monoMs }: Moment) {
    this.#retainMs = retainMs;
    this.#ownStamps = ownStamps;
    this.#newest = newestMs === null ? null : { wallMs: newestMs, monoMs };
    this.#offsetMs = wallMs - monoMs;
  }

  /** The stamp of the rows that were just committed; of several the median, so that a single wrong one means nothing. */
  committed(stampMs: number, monoMs: number): void {
    if (this.#newest === null || !this.#ownStamps) this.#newest = { wallMs: stampMs, monoMs };
  }

  look({ wallMs, monoMs }: Moment): Retained {
    const offset = wallMs - monoMs;
    const jumpedMs = Math.abs(offset - this.#offsetMs) > JUMP_MS ? offset - this.#offsetMs : null;
    this.#offsetMs = offset;
    if (jumpedMs !== null) this.#restUntil = monoMs + REST_MS;
    if (this.#newest === null || monoMs < this.#restUntil) return { beforeMs: null, jumpedMs };
    return { beforeMs: Math.min(wallMs, this.#byRows(monoMs)) - this.#retainMs, jumpedMs };
  }

  /** Rows with later stamps will not be old in this life: they are passed over. */
  aheadMs({ wallMs, monoMs }: Moment): number {
    return Math.max(wallMs, this.#byRows(monoMs)) + AHEAD_MS;
  }

  #byRows(monoMs: number): number {
    return this.#newest === null ? 0 : this.#newest.wallMs + (monoMs - this.#newest.monoMs);
  }
}
