import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Config } from '@hybrid-soak/contract/config.ts';
import { ENGINE_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { Logger } from 'pino';
import type { Feed } from './feeds/feed.ts';
import type { Notifier } from './notify.ts';
import type { Pipeline } from './pipeline.ts';
import type { Writer } from './store/writer.ts';

export interface Watched {
  config: Config;
  /** The database's path. */
  db: string;
  pipeline: Pipeline;
  writer: Writer;
  feed: Feed;
  notifier: Notifier;
  log: Logger;
  end(code: number): void;
}

const MINUTE_MS = 60_000;

/** The deadlines of garbage and overload, the heartbeat log line, the disk's space, and systemd's status and watchdog. */
export function watch(watched: Watched): NodeJS.Timeout[] {
  const { pipeline, writer, feed, notifier, log } = watched;
  const heartbeat = () => {
    log.info({ ...pipeline.counters, pending: writer.pendingTicks(), connection: feed.state() }, 'heartbeat');
    warnOfFullDisk(watched);
  };
  warnOfFullDisk(watched);
  return [
    setInterval(deadlines(watched), 250),
    setInterval(heartbeat, MINUTE_MS),
    setInterval(() => notifier.send(`STATUS=${statusLine(pipeline, feed)}`), 10_000),
    ...(notifier.watchdogMs === null ? [] : [setInterval(watchdog(watched), notifier.watchdogMs)]),
  ];
}

function deadlines({ config, pipeline, writer, log, end }: Watched): () => void {
  const { garbage_deadline_s: garbage, overload_deadline_s: overload } = config.engine;
  const tell = atMostEvery(MINUTE_MS, (malformed: number) => log.warn({ malformed }, 'malformed frames, kept aside'));
  let clean = { at: performance.now(), malformed: 0, good: 0 };
  return () => {
    const now = performance.now();
    const { malformed, received, dropped } = pipeline.counters;
    const good = received - malformed;
    if (malformed > clean.malformed) tell(malformed);
    if (good > clean.good || malformed === clean.malformed) clean = { at: now, malformed, good };
    if (now - clean.at > garbage * 1000) {
      log.error({ malformed, for_s: garbage }, 'nothing but malformed frames');
      end(ENGINE_EXIT.PARSE);
    }
    if (now - writer.lastCommitMs() > overload * 1000) {
      log.error({ pending: writer.pendingTicks(), dropped }, 'the disk cannot keep up');
      end(ENGINE_EXIT.OVERLOAD);
    }
  };
}

/** A ping means that the writer has committed since the last one: the heartbeat row makes that true when all is well. */
function watchdog({ writer, notifier }: Watched): () => void {
  let proven = 0;
  return () => {
    if (writer.lastCommitMs() === proven) return;
    proven = writer.lastCommitMs();
    notifier.send('WATCHDOG=1');
  };
}

function warnOfFullDisk({ config, db, log }: Watched): void {
  try {
    const { bavail, bsize } = statfsSync(dirname(db));
    const free_mb = Math.floor((bavail * bsize) / 1_048_576);
    const { min_free_mb } = config.storage;
    if (free_mb < min_free_mb) log.warn({ free_mb, min_free_mb, folder: dirname(db) }, 'the disk is nearly full');
  } catch (error) {
    log.warn({ err: error }, "the disk's space cannot be read");
  }
}

/** The function, called at most once in `ms`; what comes in between is left out. */
export function atMostEvery<T>(ms: number, run: (value: T) => void): (value: T) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (value) => {
    const now = performance.now();
    if (now - last < ms) return;
    last = now;
    run(value);
  };
}

/** One line for `systemctl status`. */
export function statusLine(pipeline: Pipeline, feed: Feed): string {
  const { ticks, received } = pipeline.counters;
  return `${feed.state()}, 1 in ${pipeline.sampler.every}: ${received} frames, ${ticks} ticks`;
}
