import type { SavedHole } from './gaps.ts';
import { distance, type Id, idOf, next, previous } from './ids.ts';
import { NewNumbering } from './new-numbering.ts';

/** Intervals below the mark that are remembered; past it the lowest is forgotten, and its ids count as seen. */
const MAX_HOLES = 1000;
/** Holes of gaps that a position keeps over a restart. */
const MAX_SAVED_HOLES = 200;
/** A jump past this many ids is believed only when others confirm it: days of the busiest market. */
const WILD = 10_000_000;
/** Trades in a row that confirm a wild jump. */
const CONFIRMATIONS = 3;

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
  /** Null if ids were sampled out, not lost. */
  gap: Gap | null;
}

export type HoleChange = { is: 'opened' | 'closed'; source: string; from: string; to: string };

/** Which ids of a dense numbering were seen: all up to a mark, except the holes below it. */
export class DenseIds {
  /** Gaps that were opened and closed; the owner takes them out. */
  readonly changes: HoleChange[] = [];
  #mark: Id | null = null;
  /** The newer of the last two trades above the mark: a single wrong stamp moves it for one trade, and never back. */
  #lastTs = 0;
  #previousTs = 0;
  /** The mark was set by a live trade, not by history. */
  #live = false;
  /** An earlier run has taken some. */
  #sown = false;
  #counting = false;
  /** Ascending. */
  #holes: Hole[] = [];
  /** Ids of a wild jump that is not believed yet. */
  #wild: Id[] = [];
  readonly #again = new NewNumbering();

  /**
   * False if the id was seen before. `ts`: exchange time, ms. `counting`: every trade arrives, so that a jump is a hole; false
   * while some are sampled out.
   */
  take(given: string | number, ts: number, counting: boolean, source: string): boolean {
    const id = idOf(given);
    const mark = this.#mark;
    if (mark === null || id > mark) {
      if (mark !== null && distance(mark, id) > WILD) return this.#doubt(id, ts, counting, source);
      this.#advance(id, ts, counting, source);
      return true;
    }
    if (this.#fill(id)) return true;
    const first = this.#again.confirmedBy(id, ts, this.#lastTs);
    if (first === null) return false;
    this.#holes = [];
    this.#mark = previous(first);
    // The trades that confirmed it were refused: they are a gap.
    this.#advance(id, ts, counting, source);
    return true;
  }

  /** The newest id of the past that a feed has sent: if nothing was taken yet, the first hole begins after it. */
  anchor(given: string | number): void {
    const id = idOf(given);
    if (this.#live || this.#sown || (this.#mark !== null && id <= this.#mark)) return;
    this.#mark = id;
    this.#counting = true;
  }

  /** Resumes from what an earlier run took. */
  seed({ lastId, lastTs, counting, holes }: { lastId: string; lastTs: number; counting: boolean; holes: SavedHole[] }) {
    this.#sown = true;
    this.#mark = idOf(lastId);
    this.#lastTs = lastTs;
    this.#previousTs = lastTs;
    this.#counting = counting;
    const gaps = new Map<string, Gap>();
    for (const { from, to, source, gap } of holes) {
      const key = `${source} ${gap[0]}`;
      const whole = gaps.get(key) ?? { source, from: gap[0], to: gap[1], open: 0 };
      whole.open++;
      gaps.set(key, whole);
      this.#holes.push({ from: idOf(from), to: idOf(to), gap: whole });
    }
  }

  /** What `seed` resumes from; null if no live trade was taken. */
  saved(): { lastId: string; lastTs: number; counting: boolean; holes: SavedHole[] } | null {
    if (this.#mark === null || !(this.#live || this.#sown)) return null;
    const holes = this.#holes.flatMap(({ from, to, gap }): SavedHole[] =>
      gap === null ? [] : [{ from: String(from), to: String(to), source: gap.source, gap: [gap.from, gap.to] }],
    );
    return {
      lastId: String(this.#mark),
      lastTs: this.#lastTs,
      counting: this.#counting,
      holes: holes.slice(-MAX_SAVED_HOLES),
    };
  }

  /** Takes an id far ahead as a trade; the mark follows when as many as confirm it have come in a row. */
  #doubt(id: Id, ts: number, counting: boolean, source: string): boolean {
    if (this.#wild.includes(id)) return false;
    const last = this.#wild.at(-1);
    if (last !== undefined && (id < last || distance(last, id) > WILD)) this.#wild = [];
    if (this.#wild.push(id) < CONFIRMATIONS) return true;
    for (const believed of this.#wild) this.#advance(believed, ts, counting, source);
    return true;
  }

  #advance(id: Id, ts: number, counting: boolean, source: string): void {
    const expected = this.#mark === null ? id : next(this.#mark);
    const counted = counting && this.#counting;
    this.#mark = id;
    this.#lastTs = Math.max(ts, this.#previousTs);
    this.#previousTs = ts;
    this.#live = true;
    this.#counting = counting;
    this.#again.reset();
    if (this.#wild.length > 0) this.#forgetWild(id);
    if (id === expected) return;
    const to = previous(id);
    const gap = counted ? { source, from: String(expected), to: String(to), open: 1 } : null;
    this.#holes.push({ from: expected, to, gap });
    if (this.#holes.length > MAX_HOLES) this.#holes.shift();
    if (gap !== null) this.changes.push({ is: 'opened', source, from: gap.from, to: gap.to });
  }

  #forgetWild(mark: Id): void {
    this.#wild = this.#wild.filter((id) => id > mark);
  }

  /** Whether a hole has the id. */
  #fill(id: Id): boolean {
    const index = this.#holes.findLastIndex((hole) => hole.from <= id);
    const hole = this.#holes[index];
    if (hole === undefined || hole.to < id) return false;
    const { from, to, gap } = hole;
    const rest: Hole[] = [];
    if (from < id) rest.push({ from, to: previous(id), gap });
    if (id < to) rest.push({ from: next(id), to, gap });
    this.#holes.splice(index, 1, ...rest);
    if (this.#holes.length > MAX_HOLES) this.#holes.shift();
    if (gap === null) return true;
    gap.open += rest.length - 1;
    if (gap.open === 0) this.changes.push({ is: 'closed', source: gap.source, from: gap.from, to: gap.to });
    return true;
  }
}
