import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, cpuOf, type Feed, startEngine, startFeed, startPart, wakeUpsOf } from '../clients.ts';
import { sleep } from '../memory.ts';
import { median } from '../ratio.ts';
import { type Row, type Rules, shared } from '../row.ts';
import { compile } from './memory.ts';

/** One process over one slice of time: CPU in milliseconds a second, and wake-ups of all its threads a second. */
interface Slice {
  cpuMs: number;
  wakeUps: number;
}

const SLICES = 5;

/** Both at once, each on a feed of its own, warm, slice by slice: a slow moment of the machine falls on both. */
async function measure(tradesPerSecond: number, { quick }: Rules): Promise<{ bare: Slice; engine: Slice }[]> {
  const [warmS, sliceS] = quick ? [8, 3] : [60, 12];
  const folder = mkdtempSync(join(tmpdir(), 'hybrid-bench-'));
  await compile();
  const feeds: Feed[] = [];
  const clients: Client[] = [];
  try {
    const start = async (client: (url: string) => Client) => {
      const feed = await startFeed();
      feeds.push(feed);
      const connected = feed.connected();
      clients.push(client(`ws://127.0.0.1:${feed.port}/ws/btcusdt@trade`));
      await connected;
    };
    await start((url) => startPart('bare-rows.ts', url, join(folder, 'bare.db')));
    // The bare client has no strategy, so that the engine's should write no rows either.
    const config = (url: string) =>
      `[engine]\ningest_mode = "mockws"\nws_url = "${url}"\nsignal_every_n_ticks = 1000000000\n`;
    await start((url) => startEngine(config(url)));
    const frames = tradesPerSecond * (warmS + SLICES * sliceS + 2);
    if (frames > 0) for (const feed of feeds) void feed.send({ frames, rate: tradesPerSecond });
    await sleep(warmS * 1000);
    const look = () => clients.map(({ pid }) => ({ cpu: cpuOf(pid).total, wakeUps: wakeUpsOf(pid) }));
    const slices: { bare: Slice; engine: Slice }[] = [];
    for (let n = 0; n < SLICES; n++) {
      const [before, startedAt] = [look(), performance.now()];
      await sleep(sliceS * 1000);
      const [after, s] = [look(), (performance.now() - startedAt) / 1000];
      const of = (which: 0 | 1): Slice => ({
        cpuMs: ((after[which]?.cpu ?? 0) - (before[which]?.cpu ?? 0)) / 1000 / s,
        wakeUps: ((after[which]?.wakeUps ?? 0) - (before[which]?.wakeUps ?? 0)) / s,
      });
      slices.push({ bare: of(0), engine: of(1) });
    }
    return slices;
  } finally {
    for (const client of clients) await client.close();
    for (const feed of feeds) feed.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

const seen = (slices: { bare: Slice; engine: Slice }[]) => {
  const of = (which: 'bare' | 'engine') =>
    `${median(slices.map((slice) => slice[which].cpuMs)).toFixed(2)} ms/s, ${median(slices.map((slice) => slice[which].wakeUps)).toFixed(1)} wake-ups/s`;
  return `bare ${of('bare')}; engine ${of('engine')}`;
};
const ratios = (slices: { bare: Slice; engine: Slice }[]) =>
  slices.map(({ bare, engine }) => engine.cpuMs / bare.cpuMs);

const atRest = shared((rules: Rules) => measure(0, rules));

const atRate = (rate: number): Row => ({
  name: `trades-${rate}`,
  what: `engine at ${rate} trades/s, one by one, all threads: CPU against a bare ws client that writes the same rows`,
  unit: 'x bare',
  target: { most: 1.15 },
  async measure(rules) {
    const slices = await measure(rate, rules);
    return { figures: ratios(slices), seen: seen(slices) };
  },
});

export const restRows: Row[] = [
  {
    name: 'rest-cpu',
    what: 'engine at rest (connected, no frame), all threads: CPU against a bare ws client with a commit a second',
    unit: 'x bare',
    target: { most: 2 },
    async measure(rules) {
      const slices = await atRest(rules);
      return { figures: ratios(slices), seen: seen(slices) };
    },
  },
  {
    name: 'rest-wake-ups',
    what: 'the same: how often the process wakes, all threads',
    unit: 'a second',
    target: { most: 3 },
    async measure(rules) {
      const slices = await atRest(rules);
      return { figures: slices.map(({ engine }) => engine.wakeUps), seen: seen(slices) };
    },
  },
  atRate(20),
  atRate(200),
];
