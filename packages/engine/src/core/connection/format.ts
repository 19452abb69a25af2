import type { FrameFate } from '../frame-fate.ts';

/** Fewer malformed frames than this are an accident, not a format. */
const LEAST_MALFORMED = 3;

/**
 * Whether a connection sends trades that can be read. A frame that was sampled out is neither good nor bad: it counts as the
 * last one that was read. Frames that carry no trade prove nothing: heartbeats go on after the format of trades has changed.
 */
export class Format {
  readonly #patienceMs: number;
  #malformed = 0;
  /** When the first malformed frame since the last good trade came, monotonic ms. */
  #since = 0;

  constructor(patienceMs: number) {
    this.#patienceMs = patienceMs;
  }

  /** Malformed frames have come since the last good trade. */
  get isSuspect(): boolean {
    return this.#malformed > 0;
  }

  /** Takes note of a frame; `fate` of anything but a trade or a malformed frame changes nothing. */
  note(fate: FrameFate, nowMs: number): void {
    if (fate === 'trade') this.#malformed = 0;
    if (fate === 'malformed' && this.#malformed++ === 0) this.#since = nowMs;
  }

  /** Nothing but malformed frames for the patience; silence after a few of them is not garbage, so ask when one has come. */
  isGarbage(nowMs: number): boolean {
    return this.#malformed >= LEAST_MALFORMED && nowMs - this.#since >= this.#patienceMs;
  }
}
