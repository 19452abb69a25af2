import type { Moment } from './moment.ts';

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

/** What one source has covered so far. */
export interface SourceTimes {
  connected_ms: number;
  reconnects: number;
  failovers: number;
}

type Counted = Omit<SourceTimes, 'reconnects'> & { connects: number };

/** The wall clock may be corrected by this much within an interval, ms; beyond it the monotonic clock says how long it was. */
const CORRECTION_MS = 2000;

interface Open {
  source: string;
  kind: CoverageKind;
  fromMs: number;
  detail: string | null;
  /** The beginning on the monotonic clock. */
  monoMs: number;
}

/** The coverage ledger: at most one interval of each kind is open per source. Stamps are wall time, lengths monotonic. */
export class Coverage {
  readonly #now: () => Moment;
  readonly #open = new Map<string, Open>();
  #changes: CoverageChange[] = [];
  #begun: Partial<Record<CoverageKind, number>> = {};
  #connectedMs = 0;
  #sources = new Map<string, Counted>();

  constructor(now: () => Moment) {
    this.#now = now;
  }

  begin(source: string, kind: CoverageKind, fromMs: number, detail: string | null = null): void {
    const key = `${source}\n${kind}`;
    if (this.#open.has(key)) return;
    this.#begun[kind] = this.begun(kind) + 1;
    const times = this.#timesOf(source);
    if (kind === 'connected') times.connects++;
    if (kind === 'failover') times.failovers++;
    const { wallMs, monoMs } = this.#now();
    this.#open.set(key, { source, kind, fromMs, detail, monoMs: monoMs - (wallMs - fromMs) });
    this.#changes.push({ is: 'begun', source, kind, fromMs, detail });
  }

  end(source: string, kind: CoverageKind, atMs: number): void {
    const key = `${source}\n${kind}`;
    const open = this.#open.get(key);
    if (open === undefined) return;
    this.#open.delete(key);
    const { fromMs } = open;
    const lasted = this.#lasted(open);
    if (kind === 'connected') {
      this.#connectedMs += lasted;
      this.#timesOf(source).connected_ms += lasted;
    }
    const hasJumped = Math.abs(atMs - fromMs - lasted) > CORRECTION_MS;
    const toMs = hasJumped ? fromMs + lasted : Math.max(atMs, fromMs);
    this.#changes.push({ is: 'ended', source, kind, fromMs, toMs });
  }

  /** The wall clock has jumped: open intervals end by the old time and go on by the new one. */
  jumped(): void {
    const { wallMs } = this.#now();
    const begun = { ...this.#begun };
    const counts = [...this.#sources].map(([source, { connects, failovers }]) => ({ source, connects, failovers }));
    for (const { source, kind, detail } of [...this.#open.values()]) {
      this.end(source, kind, wallMs);
      this.begin(source, kind, wallMs, detail);
    }
    this.#begun = begun;
    for (const { source, ...count } of counts) Object.assign(this.#timesOf(source), count);
  }

  /** Intervals of that kind so far. */
  begun(kind: CoverageKind): number {
    return this.#begun[kind] ?? 0;
  }

  /** Time with a source connected so far, ms. */
  connectedMs(): number {
    let sum = this.#connectedMs;
    for (const open of this.#open.values()) if (open.kind === 'connected') sum += this.#lasted(open);
    return sum;
  }

  /** Each source that has begun an interval, with the time that is under way. */
  bySource(): Record<string, SourceTimes> {
    const found = Object.fromEntries([...this.#sources].map(([source, times]) => [source, timesOf(times)]));
    for (const open of this.#open.values()) {
      const times = found[open.source];
      if (open.kind === 'connected' && times !== undefined) times.connected_ms += this.#lasted(open);
    }
    return found;
  }

  #timesOf(source: string): Counted {
    const known = this.#sources.get(source);
    if (known !== undefined) return known;
    const times = { connected_ms: 0, connects: 0, failovers: 0 };
    this.#sources.set(source, times);
    return times;
  }

  #lasted(open: Open): number {
    return Math.max(0, Math.round(this.#now().monoMs - open.monoMs));
  }

  endKind(kind: CoverageKind, atMs: number): void {
    for (const open of [...this.#open.values()]) if (open.kind === kind) this.end(open.source, kind, atMs);
  }

  /** At the end of a run: closes every open interval. */
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

const timesOf = ({ connected_ms, connects, failovers }: Counted): SourceTimes => ({
  connected_ms,
  reconnects: Math.max(0, connects - 1),
  failovers,
});
