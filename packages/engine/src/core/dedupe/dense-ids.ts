import type { OpenGap, StreamSeed } from './gaps.ts';

/** Intervals below the mark that are remembered; past it the lowest is forgotten, and its ids count as seen. */
const MAX_HOLES = 1000;

/** A number while it is exact with room to spare, a bigint beyond: one id is always of one type. */
export type Id = number | bigint;

interface Gap {
  source: string;
  from: string;
  to: string;
  /** Intervals of it that are still missing. */
  open: number;
}

interface Hole {
  from: Id;
  to: Id;
  /** Null where ids were sampled out, not lost. */
  gap: Gap | null;
}

export type Taken = boolean | { opened: Gap } | { closed: Gap };

/** Which ids of a dense numbering were seen: all up to a mark, but for the holes below it. */
export class DenseIds {
  #mark: Id | null = null;
  #newestTs = 0;
  /** The mark was set by what was taken, not by what was told. */
  #live = false;
  /** An earlier run has taken some. */
  #sown = false;
  #counting = false;
  /** Ascending. */
  #holes: Hole[] = [];

  /**
   * False: seen before. An id at or below the mark that is in no hole and yet is newer than every trade so far is another
   * trade of that number: the numbering has begun again, and so does this.
   */
  take(given: string | number, ts: number, counting: boolean, source: string): Taken {
    const id = idOf(given);
    if (this.#mark === null || id > this.#mark) return this.#advance(id, ts, counting, source);
    const filled = this.#fill(id);
    const newer = ts > this.#newestTs;
    if (newer) this.#newestTs = ts;
    if (filled !== undefined) return filled;
    if (!newer) return false;
    this.#holes = [];
    this.#mark = null;
    return this.#advance(id, ts, counting, source);
  }

  /** The newest id of the past that a feed has told: where nothing was taken yet, the first hole begins after it. */
  anchor(given: string | number, ts: number): void {
    const id = idOf(given);
    if (this.#live || this.#sown || (this.#mark !== null && id <= this.#mark)) return;
    this.#mark = id;
    this.#newestTs = Math.max(this.#newestTs, ts);
    this.#counting = true;
  }

  /** What an earlier run took. `counting`: it took every trade. */
  seed(stream: StreamSeed, gaps: OpenGap[], counting: boolean): void {
    if (this.#live) return;
    const ids = stream.ids.map(idOf);
    this.#sown ||= ids.length > 0;
    for (const id of ids) if (this.#mark === null || id > this.#mark) this.#mark = id;
    this.#newestTs = Math.max(this.#newestTs, stream.lastTs);
    this.#counting = counting;
    for (const { source, from, to } of gaps)
      this.#holes.push({ from: idOf(from), to: idOf(to), gap: { source, from, to, open: 1 } });
    this.#holes.sort((a, b) => (a.from < b.from ? -1 : 1));
    for (const id of ids) this.#fill(id);
  }

  #advance(id: Id, ts: number, counting: boolean, source: string): Taken {
    const expected = this.#mark === null ? id : next(this.#mark);
    const counted = counting && this.#counting;
    this.#mark = id;
    this.#newestTs = Math.max(this.#newestTs, ts);
    this.#live = true;
    this.#counting = counting;
    if (id === expected) return true;
    const to = previous(id);
    const gap = counted ? { source, from: String(expected), to: String(to), open: 1 } : null;
    this.#holes.push({ from: expected, to, gap });
    if (this.#holes.length > MAX_HOLES) this.#holes.shift();
    return gap === null ? true : { opened: gap };
  }

  /** Undefined where no hole has the id. */
  #fill(id: Id): Taken | undefined {
    const index = this.#holes.findLastIndex((hole) => hole.from <= id);
    const hole = this.#holes[index];
    if (hole === undefined || hole.to < id) return undefined;
    const { from, to, gap } = hole;
    const rest: Hole[] = [];
    if (from < id) rest.push({ from, to: previous(id), gap });
    if (id < to) rest.push({ from: next(id), to, gap });
    this.#holes.splice(index, 1, ...rest);
    if (this.#holes.length > MAX_HOLES) this.#holes.shift();
    if (gap === null) return true;
    gap.open += rest.length - 1;
    return gap.open === 0 ? { closed: gap } : true;
  }
}

const EXACT_DIGITS = 15;
const LAST_NUMBER = 999_999_999_999_999;

export function idOf(given: string | number): Id {
  if (typeof given === 'number') return given <= LAST_NUMBER ? given : BigInt(given);
  return given.length <= EXACT_DIGITS ? Number(given) : BigInt(given);
}
const next = (id: Id): Id => (typeof id === 'number' && id < LAST_NUMBER ? id + 1 : BigInt(id) + 1n);
const previous = (id: Id): Id => (typeof id === 'number' ? id - 1 : idOf(String(id - 1n)));
