import type { Config } from '@hybrid-soak/contract/config.ts';
import { earlierSetting } from '@hybrid-soak/contract/earlier-system.ts';
import { EXIT_OF_REASON } from '@hybrid-soak/contract/exit-codes.ts';
import { fromHere, type Loaded } from './config/loaded.ts';
import { reload } from './config/reload.ts';
import type { SourceHealth } from './core/connection/health.ts';
import { newCounters } from './core/counters.ts';
import { NO_SEEDS } from './core/dedupe/gaps.ts';
import type { Feed } from './feeds/feed.ts';
import { Pipeline } from './pipeline.ts';
import { atMostEvery } from './process/at-most-every.ts';
import { type ProcessClock, startClock } from './process/clock.ts';
import { within } from './process/exit.ts';
import { onHangup } from './process/hangup.ts';
import { watchHealth } from './process/health.ts';
import type { Log } from './process/log.ts';
import type { Notifier } from './process/notify.ts';
import { keepHeapsSmall } from './process/small-heap.ts';
import { processVitals } from './process/vitals.ts';
import { awaitEnd, finishRun, type RunEnding } from './run/ending.ts';
import { floorInterval, floors } from './run/floors.ts';
import { flusher } from './run/flusher.ts';
import { measurePace } from './run/pace.ts';
import { startFeed } from './run/start-feed.ts';
import { measured, statusLine, statusRow, watched } from './run/status.ts';
import { DatabaseRefused, DatabaseUnavailable } from './store/open/refusals.ts';
import { startWriter, type Writer } from './store/writer.ts';

const DAY_MS = 86_400_000;
/** At rest the whole heartbeat row is written this often; in between only its time. */
const STATUS_MS = 30_000;
/** A tick of the first flush interval comes within this time, if there are any. */
const FIRST_TICK_MS = 500;
/** By then all is loaded that a run needs. */
const SETTLED_MS = 10_000;
/** What a source sent before the signal is read within this time. */
const LONGEST_INTAKE_MS = 2000;

/**
 * Runs the engine until a signal or a fault; resolves with the exit code. Rejects with DatabaseRefused or DatabaseUnavailable if
 * the database cannot be used. Nothing that was received before the signal is lost: intake stops, then the open batch is
 * committed.
 */
export async function runEngine(loaded: Loaded, log: Log, notify: () => Promise<Notifier>): Promise<number> {
  const startedMs = Date.now();
  const ending = awaitEnd(log);
  const opening = openWriter(loaded, startedMs, ending, log);
  const notifier = notify();
  const writer = await whileExtended(opening, notifier);
  if (writer === null) {
    const reason = await ending.ended;
    const code = EXIT_OF_REASON[reason];
    log.info({ code, reason, ticks_written: 0, pending: 0, unaccounted: 0, ...newCounters() }, 'stopped');
    return code;
  }
  return runOn(writer, loaded, startedMs, ending, log, await notifier);
}

/** Opens the database in its thread; null if the run ended meanwhile. */
async function openWriter(loaded: Loaded, startedMs: number, ending: RunEnding, log: Log): Promise<Writer | null> {
  const { app, engine, storage } = loaded.config;
  const rules = {
    path: fromHere(app.db_path),
    quarantineMaxRows: storage.quarantine_max_rows,
    // A recording is old by nature.
    retainMs: storage.retain_days > 0 && engine.ingest_mode !== 'replay' ? storage.retain_days * DAY_MS : null,
    recover: loaded.recover,
    patienceMs: engine.overload_deadline_s * 1000,
    startedMs,
    invocationId: process.env['INVOCATION_ID'] ?? null,
    flushIntervalMs: storage.flush_interval_ms,
    ownStamps: engine.ingest_mode === 'synthetic',
    minFreeMb: storage.min_free_mb,
  };
  const opening = startWriter(rules, {
    retrying: atMostEvery(10_000, (message: string) => log.warn({ message }, 'database is not writable for now')),
    note: ({ level, message, detail }) => log[level](detail, message),
    failed(error) {
      log.fatal({ err: error }, 'the writer thread died');
      ending.end(
        error instanceof DatabaseRefused ? 'config' : error instanceof DatabaseUnavailable ? 'overload' : 'crash',
      );
    },
  });
  const writer = await Promise.race([opening, ending.ended]);
  if (typeof writer === 'string') return null;
  const { pragmas, migrated: migrated_backup, movedAside: moved_aside, compacted } = writer;
  // The first line takes a millisecond, in which the first source can be asked.
  setImmediate(() => {
    log.info({ db: app.db_path, pragmas, migrated_backup, moved_aside }, 'database verified');
    if (compacted === 'no room') log.info('the database file stays as large as it was: no room to rewrite it');
  });
  return writer;
}

/** A backup and a migration of many rows may take longer than a unit has to start. */
async function whileExtended<T>(opening: Promise<T>, notifier: Promise<Notifier>): Promise<T> {
  const longer = async () => (await notifier).send('EXTEND_TIMEOUT_USEC=60000000\nSTATUS=opening the database');
  const extending = setInterval(longer, 10_000);
  // The library behind it is loaded while the database is opened.
  const [opened] = await Promise.all([opening, notifier]).finally(() => clearInterval(extending));
  return opened;
}

interface Beating {
  clock: ProcessClock;
  writer: Writer;
  feed: Feed;
  pipeline: Pipeline;
  learnt: readonly SourceHealth[];
  touch(): void;
}

/** The writer's beat, and a status soon after the feed's state or the sampling has changed, or something was learnt. */
function beatEachSecond({ clock, writer, feed, pipeline, learnt, touch }: Beating): void {
  let [toldState, toldEvery] = ['', 0];
  // After the batch that may be written in this second: it is a heartbeat too.
  clock.after = writer.beat;
  clock.every(1000, () => {
    const state = feed.state();
    const { every } = pipeline.sampler;
    if (state === toldState && every === toldEvery && learnt.length === 0) return;
    touch();
    toldState = state;
    toldEvery = every;
  });
}

async function runOn(
  writer: Writer,
  loaded: Loaded,
  startedMs: number,
  { end, ended }: RunEnding,
  log: Log,
  notifier: Notifier,
): Promise<number> {
  const { config } = loaded;
  const pipeline = newPipeline(config, writer, log);
  const clock = startClock();
  const learnt: SourceHealth[] = [];
  const floorEveryMs = floorInterval(log);
  const ofProcess = processVitals(floorEveryMs);
  const pace = measurePace(writer, clock);
  const vitals = (brief = false) => ({ ...ofProcess(brief), ...pace.vitals(), floor: floor() });
  const begunMs = performance.now();
  const flush = (stopped = false) =>
    writer.write(
      {
        ...pipeline.takeRows(),
        health: learnt.splice(0),
        // The first tick does not wait for them.
        status: statusRow(parts, vitals(performance.now() - begunMs < FIRST_TICK_MS), stopped),
      },
      flushing.takeOpened(),
    );
  const flushing = flusher(clock, config.storage.flush_interval_ms, flush, pace.late);
  const floor = floors(writer, clock, floorEveryMs, flushing.touch);
  const feed = startFeed(loaded, pipeline, writer, log, { clock, learnt, end, touch: flushing.touch });
  const parts = { pipeline, writer, feed, startedMs };
  flushWhenDue(pipeline, writer, flush);
  if (isLive(config)) pipeline.ageMs = clock.lateMs;
  beatEachSecond({ clock, writer, feed, pipeline, learnt, touch: flushing.touch });
  clock.every(STATUS_MS, flushing.touch);
  const rules = {
    overloadMs: config.engine.overload_deadline_s * 1000,
    heartbeatMs: (earlierSetting(config, 'heartbeat_interval_secs') ?? 60) * 1000,
  };
  const jumped = () => {
    pipeline.coverage.jumped();
    flushing.touch();
  };
  watchHealth(watched(parts, log, jumped, end), rules, clock, notifier, log);
  const { metrics } = config;
  if (metrics.listen !== undefined || metrics.textfile !== undefined) {
    const { startMetrics } = await import('./process/metrics.ts');
    startMetrics(metrics, () => measured(parts, vitals(), log), clock, log);
  }
  const runningOut = endAfter(earlierSetting(config, 'run_seconds') ?? 0, end);
  await requestIsSent();
  flush();
  const settled = clock.every(SETTLED_MS, () => {
    settled();
    keepHeapsSmall(true);
  });
  notifier.send(`READY=1\nSTATUS=${statusLine(parts)}`);
  log.info({ mode: config.engine.ingest_mode, sample_every: config.engine.sample_every, pid: process.pid }, 'started');
  reloadAtHangup(loaded, pipeline, log);
  const reason = await ended;
  await within(LONGEST_INTAKE_MS, feed.stop());
  clearTimeout(runningOut);
  flushing.stop();
  clock.stop();
  notifier.send('STOPPING=1');
  if (writer.hasFailed()) return EXIT_OF_REASON[reason];
  pipeline.coverage.endAll(Date.now());
  flush(true);
  return finishRun(reason, pipeline, writer, log);
}

function endAfter(seconds: number, end: RunEnding['end']): NodeJS.Timeout | undefined {
  return seconds > 0 ? setTimeout(() => end('run-seconds'), seconds * 1000) : undefined;
}

/** A connection that is there at once gets its request before the rest is done: the first turn ends what is being polled. */
async function requestIsSent(): Promise<void> {
  for (let turn = 0; turn < 2; turn++) await new Promise((resolve) => setImmediate(resolve));
}

const isLive = ({ engine }: Config): boolean => engine.ingest_mode === 'mockws' || engine.ingest_mode === 'realws';

function newPipeline(config: Config, writer: Writer, log: Log): Pipeline {
  // Made-up and recorded trades are not numbered on from one run to the next; a replay begins with nothing, each time.
  const holdings = config.engine.ingest_mode === 'replay' ? [] : writer.seeds.holdings;
  const pipeline = new Pipeline(config, isLive(config) ? writer.seeds : { ...NO_SEEDS, holdings });
  pipeline.onWarning = (message, detail) => log.warn(detail, message);
  return pipeline;
}

/** A full batch at once. What was dropped is known as soon as the writer has caught up, and so are the rows behind it. */
function flushWhenDue(pipeline: Pipeline, writer: Writer, flush: () => void): void {
  pipeline.onDue = flush;
  writer.onReturned = (buffer) => {
    pipeline.giveBack(buffer);
    if (pipeline.hasDropped && writer.pendingTicks() === 0) flush();
  };
}

/** One reload after the other: the last that was asked for is the last that is applied. */
function reloadAtHangup(loaded: Loaded, pipeline: Pipeline, log: Log): void {
  let reloading = Promise.resolve();
  onHangup(() => {
    reloading = reloading
      .then(() => reload(loaded, pipeline.sampler, log))
      .catch((error: unknown) => log.error({ err: error }, 'not reloaded'));
  });
}
