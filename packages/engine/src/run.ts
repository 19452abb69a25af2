import { earlierSetting } from '@hybrid-soak/contract/earlier-system.ts';
import { type EndReason, EXIT_OF_REASON } from '@hybrid-soak/contract/exit-codes.ts';
import type { Logger } from 'pino';
import { fromHere, type Loaded } from './config/loaded.ts';
import { reload } from './config/reload.ts';
import type { Clock } from './core/clock.ts';
import type { SourceHealth } from './core/connection/health.ts';
import { newCounters } from './core/counters.ts';
import { NO_SEEDS } from './core/dedupe/gaps.ts';
import type { Feed, FeedEvents } from './feeds/feed.ts';
import { startReplay } from './feeds/replay/replay.ts';
import { startSources } from './feeds/sources.ts';
import { startSynthetic } from './feeds/synthetic.ts';
import { Pipeline } from './pipeline.ts';
import { startClock } from './process/clock.ts';
import { onHangup } from './process/hangup.ts';
import { atMostEvery, statusLine, watch } from './process/health.ts';
import { lateness } from './process/lateness.ts';
import type { Notifier } from './process/notify.ts';
import { UnreadLines } from './process/unread.ts';
import { DatabaseRefused, DatabaseUnavailable } from './store/open/refusals.ts';
import { startWriter, type Writer } from './store/writer.ts';

const DAY_MS = 86_400_000;
/** Within the unit's TimeoutStopSec. */
const LONGEST_DRAIN_MS = 20_000;

/**
 * Runs the engine until a signal or a fault; resolves with the exit code. Rejects with DatabaseRefused where the database
 * cannot be used. Nothing that was received before the signal is lost: intake stops, then the open batch is committed.
 */
export async function runEngine(loaded: Loaded, log: Logger, notifier: Notifier): Promise<number> {
  const { config } = loaded;
  const isReplay = config.engine.ingest_mode === 'replay';
  const startedMs = Date.now();
  const invocationId = process.env['INVOCATION_ID'] ?? null;
  let end: (reason: EndReason) => void = () => {};
  const ended = new Promise<EndReason>((resolve) => {
    end = resolve;
  });

  // Before anything is opened: a stop during start-up is a clean stop too.
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      log.info({ signal }, 'stopping');
      end('signal');
    });

  const rules = {
    path: fromHere(config.app.db_path),
    quarantineMaxRows: config.storage.quarantine_max_rows,
    // A recording is old by nature.
    retainMs: config.storage.retain_days > 0 && !isReplay ? config.storage.retain_days * DAY_MS : null,
    recover: loaded.recover,
    patienceMs: config.engine.overload_deadline_s * 1000,
    startedMs,
    invocationId,
    ownStamps: config.engine.ingest_mode === 'synthetic',
    minFreeMb: config.storage.min_free_mb,
  };
  let died = false;
  const opening = startWriter(rules, {
    giveBack: (buffer) => pipeline.giveBack(buffer),
    retrying: atMostEvery(10_000, (message: string) => log.warn({ message }, 'database is not writable for now')),
    note: ({ level, message, detail }) => log[level](detail, message),
    failed(error) {
      died = true;
      log.fatal({ err: error }, 'the writer thread died');
      end(error instanceof DatabaseRefused ? 'config' : error instanceof DatabaseUnavailable ? 'overload' : 'crash');
    },
  });
  // A backup and a migration of many rows may take longer than a unit has to start.
  const longer = () => notifier.send('EXTEND_TIMEOUT_USEC=60000000\nSTATUS=opening the database');
  const extending = setInterval(longer, 10_000);
  const writer = await Promise.race([opening, ended]).finally(() => clearInterval(extending));
  if (typeof writer === 'string') {
    const code = EXIT_OF_REASON[writer];
    log.info({ code, reason: writer, ticks_written: 0, pending: 0, unaccounted: 0, ...newCounters() }, 'stopped');
    return code;
  }
  const { pragmas, migrated: migrated_backup, movedAside: moved_aside, compacted } = writer;
  log.info({ db: config.app.db_path, pragmas, migrated_backup, moved_aside }, 'database verified');
  if (compacted === 'no room') log.info('the database file stays as large as it was: no room to rewrite it');

  // Made-up and recorded trades are numbered by nobody who would go on counting; a replay begins with nothing, each time.
  const live = config.engine.ingest_mode === 'mockws' || config.engine.ingest_mode === 'realws';
  const holdings = config.engine.ingest_mode === 'replay' ? [] : writer.seeds.holdings;
  const pipeline = new Pipeline(config, live ? writer.seeds : { ...NO_SEEDS, holdings });
  const clock = startClock();
  const learnt: SourceHealth[] = [];
  const feed = startFeed(loaded, pipeline, writer, log, { clock, learnt, end });
  const flush = (stopped = false) => {
    const { counters } = pipeline;
    writer.write({
      ...pipeline.takeRows(),
      health: learnt.splice(0),
      status: {
        startedMs,
        invocationId,
        framesReceived: counters.received,
        drops: counters.dropped,
        connection: stopped ? 'stopped' : feed.state(),
        connectionState: stopped ? 'stopped' : feed.connection(),
        tradeFramesKept: counters.trade_frames_kept,
        tradeFramesSampledOut: counters.sampled_out,
        sampleEvery: pipeline.sampler.every,
        counters: JSON.stringify(pipeline.totals()),
        vitals: null,
      },
    });
  };
  pipeline.onDue = () => flush();
  pipeline.onWarning = (message, detail) => log.warn(detail, message);
  if (live) pipeline.ageMs = lateness();
  const timers = [
    setInterval(() => flush(), config.storage.flush_interval_ms),
    ...watch({ config, db: rules.path, pipeline, writer, feed, notifier, log, end }),
  ];
  const runSeconds = earlierSetting(config, 'run_seconds') ?? 0;
  if (runSeconds > 0) timers.push(setTimeout(() => end('run-seconds'), runSeconds * 1000));
  flush();
  notifier.send(`READY=1\nSTATUS=${statusLine(pipeline, feed)}`);
  log.info({ mode: config.engine.ingest_mode, sample_every: config.engine.sample_every, pid: process.pid }, 'started');
  // One after the other: the last that was asked for is the last that is applied.
  let reloading = Promise.resolve();
  onHangup(() => {
    reloading = reloading
      .then(() => reload(loaded, pipeline.sampler, log))
      .catch((error: unknown) => log.error({ err: error }, 'not reloaded'));
  });
  const reason = await ended;
  await feed.stop();
  for (const timer of timers) clearInterval(timer);
  clock.stop();
  notifier.send('STOPPING=1');
  if (died) return EXIT_OF_REASON[reason];
  pipeline.coverage.endAll(Date.now());
  flush(true);
  return finish(reason, pipeline, writer, log);
}

/** Commits what is left and logs the totals; the exit code, which a disk that does not take it in time changes. */
async function finish(asked: EndReason, pipeline: Pipeline, writer: Writer, log: Logger): Promise<number> {
  const tooLong = new Promise<null>((resolve) => setTimeout(() => resolve(null), LONGEST_DRAIN_MS));
  const totals = JSON.stringify(pipeline.totals());
  const close = () => writer.close({ reason: asked, exitCode: EXIT_OF_REASON[asked], totals });
  const closed = asked === 'overload' ? null : await Promise.race([close(), tooLong]);
  const reason = closed === null ? 'overload' : asked;
  const code = EXIT_OF_REASON[reason];
  const unaccounted = pipeline.unaccounted();
  const pending = writer.pendingTicks();
  log.info({ code, reason, ticks_written: closed, pending, unaccounted, ...pipeline.totals() }, 'stopped');
  if (pending > 0) log.error({ pending }, 'ticks were lost: the disk did not take them in time');
  if (unaccounted !== 0) log.error({ unaccounted }, 'frames or trades were lost without being counted');
  return code;
}

function startFeed(
  loaded: Loaded,
  pipeline: Pipeline,
  writer: Writer,
  log: Logger,
  { clock, learnt, end }: { clock: Clock; learnt: SourceHealth[]; end: (reason: EndReason) => void },
): Feed {
  const { config, sources } = loaded;
  const { engine } = config;
  const unread = new UnreadLines(engine.replay_file ?? '', log);
  const events: FeedEvents = {
    frame: (source, bytes) => pipeline.onFrame(source, bytes, writer.pendingTicks()),
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
