import type { Config } from '@hybrid-soak/contract/config.ts';
import { earlierSetting } from '@hybrid-soak/contract/earlier-system.ts';
import type { EndReason } from '@hybrid-soak/contract/exit-codes.ts';
import type { Logger } from 'pino';
import { Deadlines, type Progress } from '../core/deadlines.ts';
import type { Feed } from '../feeds/feed.ts';
import type { Pipeline } from '../pipeline.ts';
import type { Writer } from '../store/writer.ts';
import type { Notifier } from './notify.ts';

export interface Watched {
  config: Config;
  /** The database's path. */
  db: string;
  pipeline: Pipeline;
  writer: Writer;
  feed: Feed;
  notifier: Notifier;
  log: Logger;
  end(reason: EndReason): void;
}

const MINUTE_MS = 60_000;

/** The deadline of overload, the heartbeat log line, the disk's space, and systemd's status and watchdog. */
export function watch(watched: Watched): NodeJS.Timeout[] {
  const { pipeline, writer, feed, notifier, log } = watched;
  const heartbeat = () => {
    const [pending, unaccounted] = [writer.pendingTicks(), pipeline.unaccounted()];
    log.info({ ...pipeline.totals(), unaccounted, pending, connection: feed.state() }, 'heartbeat');
  };
  const heartbeatMs = (earlierSetting(watched.config, 'heartbeat_interval_secs') ?? 60) * 1000;
  return [
    setInterval(deadlines(watched), 250),
    setInterval(heartbeat, heartbeatMs),
    setInterval(() => notifier.send(`STATUS=${statusLine(pipeline, feed)}`), 10_000),
    ...(notifier.watchdogMs === null ? [] : [setInterval(watchdog(watched), notifier.watchdogMs)]),
  ];
}

function deadlines({ config, pipeline, writer, log, end }: Watched): () => void {
  const { overload_deadline_s } = config.engine;
  const tell = atMostEvery(MINUTE_MS, (malformed: number) => log.warn({ malformed }, 'malformed frames, kept aside'));
  const progress = (): Progress => {
    const { dropped } = pipeline.counters;
    const isHalfFull = pipeline.isHalfFull(writer.pendingTicks());
    return { dropped, lastCommit: writer.lastCommitMs(), isHalfFull };
  };
  const limits = new Deadlines(overload_deadline_s * 1000, progress(), performance.now());
  let told = 0;
  return () => {
    const now = progress();
    const { dropped } = now;
    const { malformed } = pipeline.counters;
    if (malformed > told) tell(malformed);
    told = malformed;
    const overdue = limits.look(now, performance.now());
    if (overdue === null) return;
    log.error({ malformed, dropped, pending: writer.pendingTicks() }, overdue);
    end('overload');
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
