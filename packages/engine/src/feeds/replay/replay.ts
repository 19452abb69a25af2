import { type RecordedFrame, recordedFrame } from '@hybrid-soak/contract/recorded-frame.ts';
import { venueOf } from '../../core/exchanges.ts';
import type { FrameOrigin } from '../../core/frame-origin.ts';
import { type JsonObject, parseJson } from '../../core/json.ts';
import { symbolOfUrl } from '../../core/symbol.ts';
import { isRecordedTick } from '../exchanges/recorded-ticks.ts';
import type { Feed, FeedEvents } from '../feed.ts';
import { linesOf } from './replay-file.ts';

export interface ReplayRules {
  /** Lines of recorded frames, of raw frames or of ticks, or a database. */
  path: string;
  /** The symbol of frames that name none and come without a URL. */
  symbol: string;
  /** Longer lines are cut off. */
  longestLine: number;
}

export interface Replay extends Feed {
  /** The line that is being handed over, from 1; of a database the row. */
  line(): number;
}

const RETRY_MS = 2;

/**
 * Hands over everything that a file holds, as fast as it is taken: while `backlogged` it waits, so that nothing is dropped. A
 * frame that was recorded with its source comes from that source, and is mapped as it would be live.
 */
export function startReplay(rules: ReplayRules, backlogged: () => boolean, events: FeedEvents): Replay {
  const origins = new Origins(rules.symbol, events.coverage);
  let state = 'replaying';
  let stopped = false;
  let line = 0;

  const handOver = (bytes: Buffer) => {
    const text = bytes.toString('utf8');
    if (text.trim() === '') return;
    const recorded = recordedFrame(text);
    if (recorded !== undefined) {
      events.frame(origins.ofFrame(recorded), Buffer.from(recorded.raw));
      return;
    }
    const line = parseJson(text);
    events.frame(isRecordedTick(line) ? origins.ofTick(line) : origins.ofFrame(bare), bytes);
  };
  const replay = async () => {
    for await (const lines of linesOf(rules.path, rules.longestLine))
      for (const bytes of lines) {
        while (backlogged() && !stopped) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        if (stopped) return;
        line++;
        handOver(bytes);
      }
    state = 'replayed';
    events.finished?.();
  };
  replay().catch((error: Error) => events.unreadable?.(error.message));
  return {
    async stop() {
      stopped = true;
    },
    state: () => state,
    connection: () => 'connected',
    line: () => line,
  };
}

type Said = Pick<RecordedFrame, 'source' | 'url' | 'symbol'>;
const bare: Said = { source: null, url: null, symbol: null };

/** One origin for each source, and one interval of the ledger. */
class Origins {
  readonly #symbol: string;
  readonly #coverage: FeedEvents['coverage'];
  readonly #known = new Map<string, FrameOrigin>();

  /** `symbol`: the configuration's. */
  constructor(symbol: string, coverage: FeedEvents['coverage']) {
    this.#symbol = symbol;
    this.#coverage = coverage;
  }

  /** Of a frame: its venue is the host of its URL, else the name of its source. */
  ofFrame({ source, url, symbol }: Said): FrameOrigin {
    const name = source ?? 'replay';
    return this.#once(['frame', source, url, symbol], {
      name,
      venue: url === null ? name : venueOf({ url }),
      symbol: (symbol ?? (url === null ? '' : symbolOfUrl(url))) || this.#symbol,
      wireSymbol: undefined,
    });
  }

  /** Of a tick: it says itself which market it is of, and whether that one has the configuration's symbol. */
  ofTick(tick: JsonObject): FrameOrigin {
    const name = textIn(tick, 'source') ?? 'replay';
    const venue = textIn(tick, 'venue') ?? name;
    const wire = textIn(tick, 'wire_symbol');
    const wireSymbol = tick['symbol'] === this.#symbol ? wire : undefined;
    return this.#once(['tick', name, venue, wireSymbol], {
      name,
      venue,
      symbol: this.#symbol,
      wireSymbol,
      ticks: true,
    });
  }

  #once(key: unknown[], origin: FrameOrigin): FrameOrigin {
    const text = JSON.stringify(key);
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.#known.set(text, origin);
    this.#coverage?.begin(origin.name, 'connected', Date.now());
    return origin;
  }
}

function textIn(tick: JsonObject, key: string): string | undefined {
  const value = tick[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}
