import type { EndReason } from '@hybrid-soak/contract/exit-codes.ts';
import type { Logger } from 'pino';
import { fromHere, type Loaded } from '../config/loaded.ts';
import type { Clock } from '../core/clock.ts';
import type { SourceHealth } from '../core/connection/health.ts';
import type { Feed, FeedEvents } from '../feeds/feed.ts';
import { startReplay } from '../feeds/replay/replay.ts';
import { startSources } from '../feeds/sources.ts';
import { startSynthetic } from '../feeds/synthetic.ts';
import type { Pipeline } from '../pipeline.ts';
import { UnreadLines } from '../process/unread.ts';
import type { Writer } from '../store/writer.ts';

/** What a feed is given of the run. */
export interface FeedRun {
  clock: Clock;
  /** What was learnt of the sources since the last batch. */
  learnt: SourceHealth[];
  end(reason: EndReason): void;
  /** Something came that is worth a row. */
  touch(): void;
}

/** The feed of the configured mode, its frames going into the pipeline. */
export function startFeed(
  loaded: Loaded,
  pipeline: Pipeline,
  writer: Writer,
  log: Logger,
  { clock, learnt, end, touch }: FeedRun,
): Feed {
  const { config, sources } = loaded;
  const { engine } = config;
  const unread = new UnreadLines(engine.replay_file ?? '', log);
  const events: FeedEvents = {
    frame(source, bytes) {
      touch();
      return pipeline.onFrame(source, bytes, writer.pendingTicks());
    },
    log: (level, message, detail) => log[level]({ ...detail }, message),
    coverage: pipeline.coverage,
    learnt: (health) => learnt.push(health),
    hopeless(is, forMs) {
      const what =
        is === 'network'
          ? 'every source is unreachable'
          : 'nothing but malformed frames from every source that can be reached';
      log.error({ for_s: Math.round(forMs / 1000) }, what);
      end(is);
    },
    finished() {
      const { received, ticks } = pipeline.counters;
      const garbage = received > 0 && unread.count === received;
      unread.sum(received, ticks);
      if (garbage) log.error({ unread: received }, 'nothing but malformed frames');
      end(garbage ? 'parse' : 'replay-finished');
    },
    unreadable(why) {
      log.error({ key: 'engine.replay_file', file: engine.replay_file, why }, 'the recording cannot be read');
      end('config');
    },
  };
  if (engine.ingest_mode === 'replay') {
    const path = fromHere(engine.replay_file as string);
    const rules = { path, symbol: config.app.symbol, longestLine: config.connection.max_payload_bytes };
    const replay = startReplay(rules, () => pipeline.isHalfFull(writer.pendingTicks()), events);
    pipeline.onUnread = (why) => unread.tell(replay.line(), why);
    return replay;
  }
  const coalesceMs = () => (pipeline.sampler.every > 1 ? engine.coalesce_reads_ms : 0);
  if (sources.length > 0) {
    const [unreachableMs, garbageMs] = [engine.unreachable_deadline_s * 1000, engine.garbage_deadline_s * 1000];
    const { connection } = config;
    return startSources(
      sources,
      { connection, unreachableMs, garbageMs, clock, coalesceMs, learnt: writer.health },
      events,
    );
  }
  const { tick_interval_ms: intervalMs, start_price: startPrice, price_step: step, volume } = engine;
  return startSynthetic({ symbol: config.app.symbol, intervalMs, startPrice, step, volume }, events);
}
