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

type Slices = { bare: Slice; engine: Slice }[];

const SLICES = 5;
const RATES = [0, 20, 200] as const;
type Rate = (typeof RATES)[number];

/** Longer than any run: each feed sends until its client has ended. */
const LONGEST_S = 3600;

/** Bare client and engine at each rate, all at once, each on a feed of its own; warm when it resolves. */
const warm = shared(async ({ quick }: Rules) => {
  const folder = mkdtempSync(join(tmpdir(), 'hybrid-bench-'));
  const feeds: Feed[] = [];
  const clients: Client[] = [];
  const close = async () => {
    for (const client of clients) await client.close();
    for (const feed of feeds) feed.close();
    rmSync(folder, { recursive: true, force: true });
  };
  const start = async (rate: Rate, client: (url: string) => Client) => {
    const feed = await startFeed();
    feeds.push(feed);
    const connected = feed.connected();
    clients.push(client(`ws://127.0.0.1:${feed.port}/ws/btcusdt@trade`));
    await connected;
    return () => (rate > 0 ? void feed.send({ frames: rate * LONGEST_S, rate }) : undefined);
  };
  // The bare client has no strategy, so that the engine's should write no rows either.
  const config = (url: string) =>
    `[engine]\ningest_mode = "mockws"\nws_url = "${url}"\nsignal_every_n_ticks = 1000000000\n`;
  try {
    await compile();
    const sends: (() => void)[] = [];
    for (const rate of RATES) {
      sends.push(await start(rate, (url) => startPart('bare-rows.ts', url, join(folder, `bare-${rate}.db`))));
      sends.push(await start(rate, (url) => startEngine(config(url))));
    }
    for (const send of sends) send();
    await sleep(quick ? 8000 : 60_000);
    return { clients, close };
  } catch (error) {
    await close();
    throw error;
  }
});

/** Slice by slice: a slow moment of the machine falls on all, and one after the other they would take three times as long. */
const measure = shared(async (rules: Rules): Promise<Record<Rate, Slices>> => {
  const { clients, close } = await warm(rules);
  const sliceMs = rules.quick ? 3000 : 12_000;
  try {
    const look = () => clients.map(({ pid }) => ({ cpu: cpuOf(pid).total, wakeUps: wakeUpsOf(pid) }));
    const slices: Record<Rate, Slices> = { 0: [], 20: [], 200: [] };
    for (let n = 0; n < SLICES; n++) {
      const [before, startedAt] = [look(), performance.now()];
      await sleep(sliceMs);
      const [after, s] = [look(), (performance.now() - startedAt) / 1000];
      const of = (which: number): Slice => ({
        cpuMs: ((after[which]?.cpu ?? 0) - (before[which]?.cpu ?? 0)) / 1000 / s,
        wakeUps: ((after[which]?.wakeUps ?? 0) - (before[which]?.wakeUps ?? 0)) / s,
      });
      for (const [at, rate] of RATES.entries()) slices[rate].push({ bare: of(2 * at), engine: of(2 * at + 1) });
    }
    return slices;
  } finally {
    await close();
  }
});

const seen = (slices: Slices) => {
  const of = (which: 'bare' | 'engine') =>
    `${median(slices.map((slice) => slice[which].cpuMs)).toFixed(2)} ms/s, ${median(slices.map((slice) => slice[which].wakeUps)).toFixed(1)} wake-ups/s`;
  return `bare ${of('bare')}; engine ${of('engine')}`;
};
const ratios = (slices: Slices) => slices.map(({ bare, engine }) => engine.cpuMs / bare.cpuMs);

const atRest = async (rules: Rules) => (await measure(rules))[0];

const atRate = (rate: Rate): Row => ({
  name: `trades-${rate}`,
  what: `engine at ${rate} trades/s, one by one, all threads: CPU against a bare ws client that writes the same rows`,
  unit: 'x bare',
  target: { most: 1.15 },
  async measure(rules) {
    const slices = (await measure(rules))[rate];
    return { figures: ratios(slices), seen: seen(slices) };
  },
});

const rows: Row[] = [
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

export const restRows: Row[] = rows.map((row) => ({ ...row, atOnce: 'rest', warmUp: warm }));
