import { type RecordedFrame, recordedFrame } from '@hybrid-soak/contract/recording.ts';
import { siteOf } from '../../core/exchanges.ts';
import type { FrameOrigin } from '../../core/frame-origin.ts';
import { parseJson } from '../../core/json.ts';
import { symbolOfUrl } from '../exchanges/map-frame.ts';
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
 * Hands over everything that a file holds, as fast as it is taken: while `backlogged` it waits, so that nothing is dropped.
 * Where a frame was recorded with its source, it comes from that source.
 */
export function startReplay(rules: ReplayRules, backlogged: () => boolean, events: FeedEvents): Replay {
  const sourceOf = sources(rules.symbol, events);
  let state = 'replaying';
  let stopped = false;
  let line = 0;

  const handOver = (bytes: Buffer) => {
    const text = bytes.toString('utf8');
    if (text.trim() === '') return;
    const recorded = recordedFrame(text);
    if (recorded === undefined) events.frame(sourceOf(bare, parseJson(text)), bytes);
    else events.frame(sourceOf(recorded, parseJson(recorded.raw)), Buffer.from(recorded.raw));
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

/** Where a line comes from: one object for each source, and one interval of the ledger. */
function sources(symbol: string, { coverage }: FeedEvents) {
  const known = new Map<string, FrameOrigin>();
  const once = (key: string, name: string, more: Partial<FrameOrigin> = {}): FrameOrigin => {
    let source = known.get(key);
    if (source === undefined) {
      source = { name, symbol, wireSymbol: undefined, ...more };
      known.set(key, source);
      coverage?.begin(name, 'connected', Date.now());
    }
    return source;
  };
  return (said: Said, parsed: unknown): FrameOrigin => {
    if (!isRecordedTick(parsed)) {
      const market = said.symbol ?? (said.url === null ? '' : symbolOfUrl(said.url));
      const site = said.url === null ? undefined : siteOf(said.url);
      const key = [said.source, said.url, said.symbol].join('\n');
      return once(key, said.source ?? 'replay', { symbol: market || symbol, site });
    }
    const own = parsed['source'];
    const name = typeof own === 'string' && own !== '' ? own : (said.source ?? 'replay');
    return once(`ticks\n${name}`, name, { ticks: true });
  };
}
