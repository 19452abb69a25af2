import type { FeedEvents } from './feed.ts';

/** Writes what the sources cover into the coverage ledger; times are wall time. */
export class SourceLedger {
  readonly #coverage: FeedEvents['coverage'];
  /** The source whose loss began the gap that is open. */
  #gap: string | null = null;

  constructor(coverage: FeedEvents['coverage']) {
    this.#coverage = coverage;
  }

  /** `insteadOf`: the best source, if this is another. */
  connected(name: string, insteadOf: string | null): void {
    const now = Date.now();
    if (this.#gap !== null) this.#coverage?.end(this.#gap, 'gap', now);
    this.#gap = null;
    this.#coverage?.begin(name, 'connected', now);
    if (insteadOf !== null) this.#coverage?.begin(name, 'failover', now, `instead of ${insteadOf}`);
  }

  /** Nothing is received from any source. An outage is one gap, of the source that was lost first. */
  gap(name: string, why: string): void {
    if (this.#gap === null) this.#coverage?.begin(name, 'gap', Date.now(), why);
    this.#gap ??= name;
  }

  /** The connection has ended or is ended here: its intervals end. */
  retired(name: string): void {
    const now = Date.now();
    for (const kind of ['connected', 'failover', 'stale', 'sampled'] as const) this.#coverage?.end(name, kind, now);
  }

  quiet(name: string, forMs: number): void {
    this.#coverage?.begin(name, 'stale', Date.now() - Math.round(forMs));
  }

  lively(name: string): void {
    this.#coverage?.end(name, 'stale', Date.now());
  }

  probeEnded(name: string): void {
    this.#coverage?.end(name, 'sampled', Date.now());
  }
}
