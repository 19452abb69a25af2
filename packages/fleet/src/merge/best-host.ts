import { isSilent, type LastHeard, type MergedTrade, type Ready, type Waits } from './trade.ts';

/** What a new start needs of a market; it stands in the last message of its subject. */
export interface BestHost {
  leader: string | null;
  /** The leader's last row that is out. */
  row: number;
  last_ts: number;
}

interface Held {
  trade: MergedTrade;
  row: number;
  sinceMs: number;
  done: () => void;
}

/**
 * The trades of one market without numbers: those of one host alone, since nobody can tell which trades of two hosts are the
 * same. If that host falls silent, the one that has seen most goes on, from after the last trade's time.
 */
export class MergeByHost {
  #leader: string | null;
  #row: number;
  #lastTs: number;
  readonly #held = new Map<string, Held[]>();

  constructor({ leader, row, last_ts }: BestHost) {
    this.#leader = leader;
    this.#row = row;
    this.#lastTs = last_ts;
  }

  /** `row` counts up within a host; `done` is called when the trade needs to be kept no longer. */
  take(host: string, trade: MergedTrade, nowMs: number, done: () => void, row: number): void {
    if (host === this.#leader ? row <= this.#row : trade[3] <= this.#lastTs) {
      done();
      return;
    }
    const queue = this.#held.get(host) ?? [];
    queue.push({ trade, row, sinceMs: nowMs, done });
    this.#held.set(host, queue);
  }

  ready(nowMs: number, heard: LastHeard, waits: Waits, limit: number): (Ready & { stored: () => void }) | null {
    this.#choose(nowMs, heard, waits);
    const out = this.#leader === null ? [] : (this.#held.get(this.#leader)?.splice(0, limit) ?? []);
    if (out.length === 0) return null;
    this.#row = out.at(-1)?.row ?? this.#row;
    for (const { trade } of out) this.#lastTs = Math.max(this.#lastTs, trade[3]);
    const over: Held[] = [];
    for (const [host, queue] of this.#held) {
      if (host === this.#leader) continue;
      over.push(...queue.filter(({ trade }) => trade[3] <= this.#lastTs));
      this.#held.set(
        host,
        queue.filter(({ trade }) => trade[3] > this.#lastTs),
      );
    }
    const stored = () => {
      for (const { done } of [...out, ...over]) done();
    };
    return { trades: out.map(({ trade }) => trade), fills: [], gaps: [], stored };
  }

  state(): BestHost {
    return { leader: this.#leader, row: this.#row, last_ts: this.#lastTs };
  }

  #choose(nowMs: number, heard: LastHeard, waits: Waits): void {
    const waiting = [...this.#held].filter(([host, queue]) => host !== this.#leader && queue.length > 0);
    const first = Math.min(...waiting.map(([, queue]) => queue[0]?.sinceMs ?? Infinity));
    if (nowMs - first < waits.reorderMs) return;
    // A host that ships may have lost this venue alone: what others have had for so long it is not going to bring.
    const hasMore = this.#leader !== null && (this.#held.get(this.#leader)?.length ?? 0) > 0;
    const isMute = !hasMore && nowMs - first >= waits.silentMs;
    if (this.#leader !== null && !isMute && !isSilent(this.#leader, heard, nowMs, waits)) return;
    const seen = (host: string) => this.#held.get(host)?.at(-1)?.trade[3] ?? Number.NEGATIVE_INFINITY;
    const best = [...this.#held.keys()].sort((a, b) => seen(b) - seen(a))[0];
    if (best === undefined || seen(best) <= this.#lastTs || best === this.#leader) return;
    this.#leader = best;
    this.#row = -1;
    // What it has from before the last trade was another host's to tell.
    const queue = this.#held.get(best) ?? [];
    for (const { done } of queue.filter(({ trade }) => trade[3] <= this.#lastTs)) done();
    this.#held.set(
      best,
      queue.filter(({ trade }) => trade[3] > this.#lastTs),
    );
  }
}
