import { type Gap, isSilent, type LastHeard, type MergedTrade, type Range, type Ready, type Waits } from './trade.ts';

/** Ranges of absent ids that are remembered: a trade that comes later than these allow is counted and left out. */
const ABSENT = 200;

/** What a new start needs of a market; it stands in the last message of its subject. */
export interface ById {
  last: string | null;
  absent: [from: string, to: string][];
  /** Holes ahead that a host has reported. */
  reported?: [host: string, from: string, to: string][];
}

interface Held {
  trade: MergedTrade;
  sinceMs: number;
  done: () => void;
}

/**
 * The trades of one market whose ids are numbers, of several hosts, each once and in the order of their ids. A trade that follows
 * the last one by one goes out at once; at a hole the others are waited for.
 */
export class MergeById {
  #last: bigint | null;
  #absent: Range[];
  readonly #held = new Map<bigint, Held>();
  /** The ids that are held, until another one comes. */
  #sorted: bigint[] | null = null;
  readonly #passed = new Map<string, bigint>();
  readonly #reported: (Range & { host: string })[];
  /** Trades left out because they came too late. */
  tooLate = 0;
  #fills: Held[] = [];
  /** What to call for reports that no stored message has yet. */
  #unstored = new Map<string, () => void>();
  #lateGaps: Gap[] = [];

  constructor({ last, absent, reported = [] }: ById) {
    this.#last = last === null ? null : BigInt(last);
    this.#absent = absent.map(([from, to]) => ({ from: BigInt(from), to: BigInt(to) }));
    this.#reported = reported.map(([host, from, to]) => ({ host, from: BigInt(from), to: BigInt(to) }));
  }

  /** `done` is called when the trade needs to be kept no longer: it is out, or was before. */
  take(host: string, trade: MergedTrade, nowMs: number, done: () => void): void {
    const id = BigInt(trade[0] as string);
    if (id > (this.#passed.get(host) ?? -1n)) this.#passed.set(host, id);
    if (this.#held.has(id)) done();
    else if (this.#last === null || id > this.#last) {
      this.#held.set(id, { trade, sinceMs: nowMs, done });
      this.#sorted = null;
    } else if (this.#isAbsent(id)) {
      this.#fill(id);
      this.#fills.push({ trade, sinceMs: nowMs, done });
    } else {
      if (id < (this.#absent[0]?.from ?? 0n) && this.#absent.length >= ABSENT) this.tooLate++;
      done();
    }
  }

  /** A host noticed that it lost these. `done` is called once a stored message has it. */
  report(host: string, from: bigint, to: bigint, done: () => void): void {
    const key = `${host} ${from} ${to}`;
    const known = this.#reported.some((one) => one.host === host && one.from === from && one.to === to);
    // Delivered again: it is in a stored message, or waits for one.
    if (known && !this.#unstored.has(key)) {
      done();
      return;
    }
    this.#unstored.set(key, done);
    if (known) return;
    this.#reported.push({ host, from, to });
    // The trades behind the hole may be out already.
    for (const range of this.#absent)
      if (from <= range.to && to >= range.from) this.#lateGaps.push(this.#gapOf(range, [host]));
    if (this.#reported.length > ABSENT) this.#reported.shift();
  }

  /** Takes out what is ready, at most `limit` trades; `stored` is to be called once it is stored. */
  ready(nowMs: number, heard: LastHeard, waits: Waits, limit: number): (Ready & { stored: () => void }) | null {
    const fills = this.#fills.splice(0, limit);
    const out: Held[] = [];
    const gaps = this.#lateGaps;
    this.#lateGaps = [];
    const reports = this.#unstored;
    this.#sorted ??= [...this.#held.keys()].sort((a, b) => (a < b ? -1 : 1));
    for (const id of this.#sorted) {
      const held = this.#held.get(id) as Held;
      if (out.length >= limit) break;
      if (this.#last === null || id !== this.#last + 1n) {
        if (!this.#isSettled(id, held.sinceMs, nowMs, heard, waits)) break;
        // Before the very first trade all is absent: another host may have it.
        gaps.push(...this.#leaveOut({ from: (this.#last ?? -1n) + 1n, to: id - 1n }));
      }
      this.#held.delete(id);
      this.#last = id;
      out.push(held);
    }
    this.#sorted = this.#sorted.slice(out.length);
    if (out.length === 0 && fills.length === 0 && gaps.length === 0) return null;
    this.#unstored = new Map();
    const stored = () => {
      for (const { done } of [...out, ...fills]) done();
      for (const done of reports.values()) done();
    };
    return { trades: out.map(({ trade }) => trade), fills: fills.map(({ trade }) => trade), gaps, stored };
  }

  state(): ById {
    const absent = this.#absent.map(({ from, to }): [string, string] => [String(from), String(to)]);
    // A fill that is not in a message yet is still absent there.
    for (const { trade } of this.#fills) absent.push([trade[0] as string, trade[0] as string]);
    // Reports of what is still to come; those of what has passed are in messages already.
    const ahead = this.#reported.filter(({ to }) => this.#last === null || to > this.#last);
    const reported = ahead.map(({ host, from, to }): [string, string, string] => [host, String(from), String(to)]);
    return {
      last: this.#last === null ? null : String(this.#last),
      absent,
      ...(reported.length > 0 ? { reported } : {}),
    };
  }

  /** Nobody who is alive can still have what is missing before `id`, or all had time enough. */
  #isSettled(id: bigint, sinceMs: number, nowMs: number, heard: LastHeard, waits: Waits): boolean {
    if (nowMs - sinceMs >= waits.silentMs) return true;
    if (nowMs - sinceMs < waits.reorderMs) return false;
    return [...this.#passed].every(([host, passed]) => passed >= id || isSilent(host, heard, nowMs, waits));
  }

  /** Remembers what is absent; a gap only if a host says so, since a venue may leave numbers out. */
  #leaveOut(range: Range): Gap[] {
    if (range.from > range.to) return [];
    this.#absent.push(range);
    if (this.#absent.length > ABSENT) this.#absent.shift();
    const reported = this.#reported.filter(({ from, to }) => from <= range.to && to >= range.from);
    return reported.length === 0 ? [] : [this.#gapOf(range, [...new Set(reported.map(({ host }) => host))])];
  }

  #gapOf({ from, to }: Range, reporters: string[]): Gap {
    const missed = [...this.#passed].filter(([, passed]) => passed > to).map(([host]) => host);
    return { from: String(from), to: String(to), missed_by: missed.sort(), reported_by: reporters.sort() };
  }

  #isAbsent(id: bigint): boolean {
    return this.#absent.some(({ from, to }) => id >= from && id <= to);
  }

  #fill(id: bigint): void {
    this.#absent = this.#absent.flatMap((range) => {
      if (id < range.from || id > range.to) return [range];
      const parts = [
        { from: range.from, to: id - 1n },
        { from: id + 1n, to: range.to },
      ];
      return parts.filter(({ from, to }) => from <= to);
    });
  }
}
