/**
 * What an interval of the ledger says of a source. `connected`: its trades were being received. `gap`: nothing was, or
 * frames were lost. `failover`: it stood in for a better one. `stale`: connected, and no trade for its threshold.
 * `sampled`: some of its trades were skipped on purpose, so that holes were not looked for.
 */
export type CoverageKind = 'connected' | 'gap' | 'failover' | 'stale' | 'sampled';

/** Wall time in milliseconds; an interval is identified by its source, kind and beginning. */
export type CoverageChange =
  | { is: 'begun'; source: string; kind: CoverageKind; fromMs: number; detail: string | null }
  | { is: 'ended'; source: string; kind: CoverageKind; fromMs: number; toMs: number };

/** The coverage ledger: at most one interval of each kind is open per source. */
export class Coverage {
  readonly #open = new Map<string, { source: string; kind: CoverageKind; fromMs: number }>();
  #changes: CoverageChange[] = [];

  begin(source: string, kind: CoverageKind, fromMs: number, detail: string | null = null): void {
    const key = `${source}\n${kind}`;
    if (this.#open.has(key)) return;
    this.#open.set(key, { source, kind, fromMs });
    this.#changes.push({ is: 'begun', source, kind, fromMs, detail });
  }

  end(source: string, kind: CoverageKind, atMs: number): void {
    const key = `${source}\n${kind}`;
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#open.delete(key);
    // The clock may have been set back.
    this.#changes.push({ is: 'ended', ...open, toMs: Math.max(atMs, open.fromMs) });
  }

  endKind(kind: CoverageKind, atMs: number): void {
    for (const open of [...this.#open.values()]) if (open.kind === kind) this.end(open.source, kind, atMs);
  }

  /** At the end of a run: what follows is not covered by anything. */
  endAll(atMs: number): void {
    for (const { source, kind } of [...this.#open.values()]) this.end(source, kind, atMs);
  }

  /** An interval that is over already. */
  add(source: string, kind: CoverageKind, fromMs: number, toMs: number, detail: string): void {
    this.#changes.push({ is: 'begun', source, kind, fromMs, detail });
    this.#changes.push({ is: 'ended', source, kind, fromMs, toMs: Math.max(toMs, fromMs) });
  }

  /** The changes since the last call, in order. */
  take(): CoverageChange[] {
    const changes = this.#changes;
    if (changes.length > 0) this.#changes = [];
    return changes;
  }
}
