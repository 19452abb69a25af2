import { asRecorded, type Recorded } from '@hybrid-soak/contract/recording.ts';
import { parseJson } from '../core/json.ts';
import { siteOf } from './exchanges/exchanges.ts';
import { symbolOfUrl } from './exchanges/map-frame.ts';
import type { Feed, FeedEvents, FrameSource } from './feed.ts';
import { isRecordedTick } from './recorded-ticks.ts';
import { linesOf } from './replay-file.ts';

export interface ReplayRules {
  /** Lines of recorded frames, of raw frames or of ticks, or a database. */
  path: string;
  /** The symbol of frames that name none and come without a URL. */
  symbol: string;
  /** Longer lines are cut off. */
  longestLine: number;
}

const RETRY_MS = 2;

/**
 * Hands over everything that a file holds, as fast as it is taken: while `backlogged` it waits, so that nothing is dropped.
 * Where a frame was recorded with its source, it comes from that source.
 */
export function startReplay(rules: ReplayRules, backlogged: () => boolean, events: FeedEvents): Feed {
  const sourceOf = sources(rules.symbol, events);
  let state = 'replaying';
  let stopped = false;

  const replay = async () => {
    for await (const lines of linesOf(rules.path, rules.longestLine))
      for (const line of lines) {
        while (backlogged() && !stopped) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
        if (stopped) return;
        const parsed = parseJson(line.toString('utf8'));
        const recorded = asRecorded(parsed);
        if (recorded === undefined) events.frame(sourceOf.line(parsed), line);
        else events.frame(sourceOf.recorded(recorded), Buffer.from(recorded.raw));
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
  };
}

/** Where a line comes from: one object for each source, and one interval of the ledger. */
function sources(symbol: string, { coverage }: FeedEvents) {
  const known = new Map<string, FrameSource>();
  const once = (key: string, name: string, more: Partial<FrameSource> = {}): FrameSource => {
    let source = known.get(key);
    if (source === undefined) {
      source = { name, symbol, wireSymbol: undefined, ...more };
      known.set(key, source);
      coverage?.begin(name, 'connected', Date.now());
    }
    return source;
  };
  return {
    recorded: ({ source, url }: Recorded) =>
      once(`${source}\n${url}`, source, { symbol: symbolOfUrl(url) || symbol, site: siteOf(url) }),
    line(parsed: unknown) {
      if (!isRecordedTick(parsed)) return once('frames', 'replay');
      const name = typeof parsed.source === 'string' && parsed.source !== '' ? parsed.source : 'replay';
      return once(`ticks\n${name}`, name, { ticks: true });
    },
  };
}
