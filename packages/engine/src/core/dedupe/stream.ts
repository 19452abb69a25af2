import type { Market } from '../market.ts';
import type { Numbering, Tick } from '../tick.ts';
import { DenseIds, type HoleChange } from './dense-ids.ts';
import type { Position } from './gaps.ts';
import { RecentIds } from './recent-ids.ts';
import { SparseIds } from './sparse-ids.ts';

/** Ids that are remembered per stream: the latest of a numbering that is not dense, and those of the past. */
const RECENT_IDS = 10_000;
/** Ids that a position keeps over a restart. */
const SAVED_IDS = 128;

/** The trades of one market under one numbering: which were seen. Any source of the venue adds to it. */
export class Stream {
  readonly market: Market;
  readonly numbering: Numbering;
  /** It has changed since its position was taken. */
  isDirty = false;
  /** Trades taken although their id was that of the trade before: the id stands still. */
  standing = 0;
  readonly #dense: DenseIds | null;
  readonly #sparse: SparseIds | null;
  /** Of the other numberings. */
  readonly #recent: RecentIds | null;
  readonly #past = new RecentIds(RECENT_IDS);
  #counting = false;
  /** The last live trade: an id that stands still shows as another trade of the same connection under the same id. */
  readonly #last = { id: '' as string | number, from: null as object | null, price: 0.5, volume: 0.5, ts: 0.5 };

  constructor(market: Market, numbering: Numbering, position: Position | undefined) {
    this.market = market;
    this.numbering = numbering;
    const { ids } = numbering;
    this.#dense = ids === 'dense' ? new DenseIds() : null;
    this.#sparse = ids === 'sparse' ? new SparseIds(RECENT_IDS) : null;
    this.#recent = ids === 'opaque' || ids === 'shared' ? new RecentIds(RECENT_IDS) : null;
    if (position === undefined) return;
    this.#dense?.seed(position);
    this.#sparse?.seed(position.ids, position.lastTs);
    for (const id of position.ids) this.#recent?.add(id);
    this.#last.ts = position.lastTs;
  }

  /** Whether the trade is new; it is remembered either way. `from`: its connection. `counting`: every trade arrives. */
  isNew(from: object, tick: Tick, id: string | number, counting: boolean): boolean {
    const name = this.#nameOf(tick, id);
    if (!this.#past.isEmpty && this.#past.has(String(name))) return false;
    if (!this.#take(name, tick, counting) && !this.#stands(from, tick, id)) return false;
    const last = this.#last;
    last.id = id;
    last.from = from;
    last.price = tick.price;
    last.volume = tick.volume;
    last.ts = tick.ts;
    this.#counting = counting;
    return true;
  }

  /** A trade of the past: never a tick, not even if it arrives again on the live channel. */
  remember(tick: Tick, id: string | number): void {
    this.#past.add(String(this.#nameOf(tick, id)));
    this.#dense?.anchor(id);
  }

  /** Counts the id as seen, without a trade. */
  skip(tick: Tick, id: string | number, counting: boolean): void {
    this.#take(this.#nameOf(tick, id), tick, counting);
  }

  get hasChanges(): boolean {
    return this.#dense !== null && this.#dense.changes.length > 0;
  }

  /** Changes of its holes since the last call. */
  takeChanges(): HoleChange[] {
    return this.#dense?.changes.splice(0) ?? [];
  }

  /** What a restart resumes from; null if nothing was taken yet. */
  position(): Position | null {
    const { name: numbering } = this.numbering;
    if (this.#dense !== null) {
      const saved = this.#dense.saved();
      return saved && { numbering, ids: [], ...saved };
    }
    const ids = (this.#sparse?.recent.latest(SAVED_IDS) ?? this.#recent?.latest(SAVED_IDS) ?? []).map(String);
    const lastId = ids.at(-1);
    if (lastId === undefined) return null;
    return { numbering, lastId, lastTs: this.#last.ts, counting: this.#counting, ids, holes: [] };
  }

  #take(name: string | number, tick: Tick, counting: boolean): boolean {
    if (this.#dense !== null) return this.#dense.take(name, tick.ts, counting, tick.source);
    return this.#sparse?.take(name, tick.ts) ?? this.#recent?.add(String(name)) ?? true;
  }

  /** Whether it is another trade under the id of the one before. */
  #stands(from: object, { price, volume, ts }: Tick, id: string | number): boolean {
    const last = this.#last;
    if (last.id !== id || last.from !== from || this.numbering.ids === 'shared') return false;
    if (last.price === price && last.volume === volume && last.ts === ts) return false;
    this.standing++;
    return true;
  }

  /** What identifies a trade among the others of its market. */
  #nameOf({ ts, price, volume }: Tick, id: string | number): string | number {
    return this.numbering.ids === 'shared' ? `${id} ${ts} ${price} ${volume}` : id;
  }
}
