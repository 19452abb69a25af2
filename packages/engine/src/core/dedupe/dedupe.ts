import type { Market } from '../market.ts';
import type { Numbering } from '../tick.ts';
import type { GapChange, Position, PositionSeed } from './gaps.ts';
import { OpenGaps } from './open-gaps.ts';
import { Stream } from './stream.ts';

/**
 * Exactly once per trade id and market. Dense ids are held as a high-water mark with the holes below it, others as a bounded set
 * of the latest (sparse ones with a mark below it). Trades that an exchange does not number all pass.
 */
export class Dedupe {
  readonly openGaps = new OpenGaps();
  readonly #streams: Stream[][] = [];
  readonly #seeds = new Map<string, Position>();
  #dirty: Stream[] = [];
  #gaps: GapChange[] = [];

  /** `seeds`: where earlier runs stood. */
  constructor(seeds: readonly PositionSeed[]) {
    for (const seed of seeds)
      this.#seeds.set(
        seed.venue === null ? earlierKey(seed.source ?? '', seed.wire) : keyOf(seed, seed.numbering),
        seed,
      );
  }

  /** `source` finds what a database of schema 2 knows of it. */
  streamOf(market: Market, numbering: Numbering, source: string): Stream {
    const ofMarket = this.#streams[market.index] ?? [];
    this.#streams[market.index] = ofMarket;
    const known = ofMarket.find((stream) => stream.numbering.name === numbering.name);
    if (known !== undefined) return known;
    const seed = this.#seeds.get(keyOf(market, numbering.name)) ?? this.#seeds.get(earlierKey(source, market.symbol));
    const stream = new Stream(market, numbering, seed);
    ofMarket.push(stream);
    return stream;
  }

  /** To be called when a stream has taken a trade. `nowMs` gives wall time, for `gaps`. */
  changed(stream: Stream, nowMs: () => number): void {
    if (!stream.isDirty) {
      stream.isDirty = true;
      this.#dirty.push(stream);
    }
    if (!stream.hasChanges) return;
    const { market } = stream;
    for (const { is, ...hole } of stream.takeChanges()) {
      const change: GapChange =
        is === 'opened' ? { is, market, ...hole, detectedAt: nowMs() } : { is, market, ...hole, closedAt: nowMs() };
      this.#gaps.push(change);
      this.openGaps.follow(change);
    }
  }

  /** Gaps that were opened and closed since the last call. */
  takeGaps(): GapChange[] {
    const gaps = this.#gaps;
    if (gaps.length > 0) this.#gaps = [];
    return gaps;
  }

  /** The positions of the streams that have changed since the last call. */
  takePositions(): { market: number; position: Position }[] {
    if (this.#dirty.length === 0) return [];
    const dirty = this.#dirty;
    this.#dirty = [];
    return dirty.flatMap((stream) => {
      stream.isDirty = false;
      const position = stream.position();
      return position === null ? [] : [{ market: stream.market.index, position }];
    });
  }
}

const keyOf = ({ venue, wire }: { venue: string | null; wire: string }, numbering: string) =>
  JSON.stringify([venue, wire, numbering]);
const earlierKey = (source: string, symbol: string) => JSON.stringify([source, symbol]);
