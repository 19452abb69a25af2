import { type Client, cpuOf, type Feed, startFeed } from './clients.ts';
import type { Go } from './parts/blast.ts';

/** One client over one stream. Microseconds of CPU are for each frame. */
export interface Streamed {
  /** Without those that were dropped. */
  framesPerSecond: number;
  dropped: number;
  mainUs: number;
  totalUs: number;
}

const WARM_FRAMES = 60_000;

/** Connects a client, lets it warm up, then measures it from the first frame to the last one it has dealt with. */
export async function stream(start: (url: string) => Client, go: Go, path = '/ws/btcusdt@trade'): Promise<Streamed> {
  const feed: Feed = await startFeed();
  const connected = feed.connected();
  const client = start(`ws://127.0.0.1:${feed.port}${path}`);
  try {
    await connected;
    await Promise.all([feed.send({ frames: WARM_FRAMES }), client.until(WARM_FRAMES)]);
    const before = cpuOf(client.pid);
    const started = performance.now();
    const frames = go.frames - (client.tail ?? 0);
    await Promise.all([feed.send(go), client.until(WARM_FRAMES + frames)]);
    const seconds = (performance.now() - started) / 1000;
    const after = cpuOf(client.pid);
    const dropped = client.dropped?.() ?? 0;
    return {
      framesPerSecond: (frames - dropped) / seconds,
      dropped,
      mainUs: (after.main - before.main) / frames,
      totalUs: (after.total - before.total) / frames,
    };
  } finally {
    await client.close();
    feed.close();
  }
}
