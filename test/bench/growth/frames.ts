import Database from 'better-sqlite3';
import { cpuOf, type EngineClient, startEngine, startFeed } from '../clients.ts';
import { sleep } from '../memory.ts';
import { quantile } from '../ratio.ts';
import type { Rules } from '../row.ts';
import type { Growth } from './table.ts';

const LOOK_MS = 5;
/** Ticks a second whose latency is taken: more would cost the engine the core that it runs on. */
const LOOKED_AT = 1000;
const WARM_S = 1;
const SOURCES_RATE = 1000;
/** Past this rate the feed cannot write frames one by one and sends groups. */
const ONE_BY_ONE = 10_000;

const NONE = { frames_received: 0, ticks_written: 0, drops: 0 };

const url = (port: number) => `ws://127.0.0.1:${port}/ws/btcusdt@trade`;
const mockws = (port: number) => `[engine]\ningest_mode = "mockws"\nws_url = "${url(port)}"\n`;

/** CPU and latency of the engine with its default configuration, at frames a second. */
export async function growthOfFrames({ quick }: Rules): Promise<Growth[]> {
  const lines: Growth[] = [];
  for (const rate of quick ? [1e2, 1e4] : [1e2, 1e3, 1e4, 1e5]) {
    const cost = await costAt(rate, quick ? 2.5 : 6, (port) => startEngine(mockws(port)));
    lines.push({ of: 'frames/s', at: rate, cost });
  }
  return lines;
}

/** The same at 1,000 frames a second, with so many sources configured: one is at work, the others wait for its loss. */
export async function growthOfSources({ quick }: Rules): Promise<Growth[]> {
  const lines: Growth[] = [];
  for (const count of quick ? [1, 16] : [1, 4, 16]) {
    const cost = await costWith(count, quick ? 2.5 : 6);
    lines.push({ of: 'sources', at: count, cost });
  }
  return lines;
}

/** CPU a frame with so many sources, microseconds. */
export async function costOfSources(count: number, seconds: number): Promise<number> {
  return (await costWith(count, seconds))['CPU us/frame'];
}

const costWith = (count: number, seconds: number) =>
  costAt(SOURCES_RATE, seconds, (port) =>
    startEngine('[engine]\ningest_mode = "realws"\n', [], sourcesToml(port, count)),
  );

const sourcesToml = (port: number, count: number): string =>
  Array.from({ length: count }, (_, n) => `[[source]]\nname = "s${n}"\nurl = "${url(port)}"\npriority = ${n}\n`).join(
    '',
  );

async function costAt(rate: number, seconds: number, start: (port: number) => EngineClient) {
  const feed = await startFeed();
  const connected = feed.connected();
  const engine = start(feed.port);
  const group = Math.ceil(rate / ONE_BY_ONE);
  try {
    await connected;
    const warm = Math.ceil(rate * WARM_S);
    await Promise.all([feed.send({ frames: warm, rate, group }), engine.until(warm)]);
    const frames = Math.ceil(rate * seconds);
    const before = cpuOf(engine.pid);
    const started = performance.now();
    const latencies = watchLatency(engine.db, Math.max(1, Math.round(rate / LOOKED_AT)));
    const sent = feed.send({ frames, rate, group }).then(() => performance.now());
    await engine.until(warm + frames);
    const took = performance.now() - started;
    const after = cpuOf(engine.pid);
    const ms = await latencies();
    return {
      'CPU us/frame': (after.total - before.total) / frames,
      'CPU % core': (after.total - before.total) / took / 10,
      'p50 ms': quantile(ms, 0.5),
      'p99 ms': quantile(ms, 0.99),
      drops: engine.status()?.drops ?? Number.NaN,
      'frames/s reached': (frames * 1000) / ((await sent) - started),
    };
  } finally {
    await engine.close();
    feed.close();
  }
}

/**
 * From a frame's own time, written as it is sent, to its row's being seen by another connection: on loopback the first is
 * when it is received, and the second is at most 5 ms after the commit. Ends, and gives the latencies, when it is called.
 */
function watchLatency(path: string, everyNth: number): () => Promise<number[]> {
  const db = new Database(path, { readonly: true });
  const last = db.prepare('SELECT MAX(id) FROM ticks').pluck();
  const fresh = db.prepare('SELECT ts FROM ticks WHERE id > ? AND id <= ? AND id % ? = 0').pluck();
  const latencies: number[] = [];
  let seen = last.get() as number;
  let ended = false;
  const watching = (async () => {
    while (!ended) {
      const newest = last.get() as number;
      if (newest > seen) {
        const now = Date.now();
        for (const ts of fresh.all(seen, newest, everyNth) as number[]) latencies.push(now - ts);
        seen = newest;
      }
      await sleep(LOOK_MS);
    }
    db.close();
  })();
  return async () => {
    ended = true;
    await watching;
    return latencies;
  };
}

/** Fed faster than it can write: what it receives and commits a second by then, and when the first frame was dropped. */
export async function whereDropsBegin({ quick }: Rules): Promise<Growth> {
  const feed = await startFeed();
  const connected = feed.connected();
  const engine = startEngine(mockws(feed.port));
  const most = quick ? 2_000_000 : 10_000_000;
  try {
    await connected;
    const started = performance.now();
    const sending = feed.send({ frames: most, group: 512 });
    let status = engine.status();
    const firstMs = performance.now();
    while ((status?.drops ?? 0) === 0 && (status?.frames_received ?? 0) < most) {
      if (performance.now() - firstMs > (quick ? 8000 : 30_000)) break;
      await sleep(LOOK_MS);
      status = engine.status();
    }
    const seconds = (performance.now() - started) / 1000;
    const { frames_received: received, ticks_written: written, drops } = status ?? NONE;
    void sending.catch(() => {});
    const cost = {
      'received/s': received / seconds,
      'committed/s': written / seconds,
      'seconds to the first drop': drops > 0 ? seconds : Number.NaN,
      'dropped by then': drops,
    };
    return { of: 'drops', at: received, cost };
  } finally {
    await engine.close();
    feed.close();
  }
}
