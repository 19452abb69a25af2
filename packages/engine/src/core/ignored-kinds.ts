const MAX_KINDS = 64;

/** Ignored frames by what they call themselves; past so many kinds the rest is `other`. */
export class IgnoredKinds {
  readonly #counts = new Map<string, number>();

  /** `stranger`: no known exchange sends such frames. */
  count(kind: string, stranger: boolean): void {
    const name = stranger ? `no frame of a known exchange: ${kind}` : kind;
    const known = this.#counts.has(name) || this.#counts.size < MAX_KINDS ? name : 'other';
    this.#counts.set(known, (this.#counts.get(known) ?? 0) + 1);
  }

  totals(): Record<string, number> {
    return Object.fromEntries(this.#counts);
  }
}
