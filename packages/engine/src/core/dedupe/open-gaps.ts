import type { GapChange } from './gaps.ts';

/**
 * The gaps that this process has found and that are still open. A gap that is filled in part counts whole until it is closed;
 * one of an earlier life is not counted.
 */
export class OpenGaps {
  readonly #widths = new Map<string, number>();
  #missing = 0;

  get count(): number {
    return this.#widths.size;
  }

  /** Trades in them. */
  get missing(): number {
    return this.#missing;
  }

  follow({ is, market, from, to }: GapChange): void {
    const key = `${market.index} ${from} ${to}`;
    if (is === 'opened') {
      // Ids may be past what a number holds exactly; their difference is not.
      const width = Number(BigInt(to) - BigInt(from)) + 1;
      this.#missing += width - (this.#widths.get(key) ?? 0);
      this.#widths.set(key, width);
      return;
    }
    this.#missing -= this.#widths.get(key) ?? 0;
    this.#widths.delete(key);
  }
}
