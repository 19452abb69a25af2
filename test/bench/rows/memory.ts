import { startEngine, startFeed } from '../clients.ts';
import { bareNodeMb, privateMb, sleep, slope } from '../memory.ts';
import { type Row, type Rules, shared } from '../row.ts';

const RATE = 5000;

/** Compiled modules outlive a process: the engine is measured as it is from its second start on. */
export async function compile(): Promise<void> {
  const engine = startEngine('[engine]\ntick_interval_ms = 10\n');
  await engine.until(1);
  await engine.close();
}

/** The engine's private memory over time, minutes and MB above a bare node. */
async function soak(minutes: number): Promise<[minute: number, mb: number][]> {
  await compile();
  const bare = await bareNodeMb();
  const feed = await startFeed();
  const connected = feed.connected();
  const engine = startEngine(
    `[engine]\ningest_mode = "mockws"\nws_url = "ws://127.0.0.1:${feed.port}/ws/btcusdt@trade"\n`,
  );
  try {
    await connected;
    const sent = feed.send({ frames: RATE * 60 * minutes, rate: RATE });
    const started = performance.now();
    const points: [number, number][] = [];
    for (let at = 0; at < minutes; at = (performance.now() - started) / 60_000) {
      points.push([at, privateMb(engine.pid) - bare]);
      await sleep(Math.min(1000, minutes * 1000));
    }
    await sent;
    return points.slice(points.length / 2);
  } finally {
    await engine.close();
    feed.close();
  }
}

/** The form that fits into the table, and those that run when they are named. */
const quickly = ({ quick }: Rules) => (quick ? 0.2 : 1.5);

function rows(name: string, minutes: (rules: Rules) => number): Row[] {
  const run = shared((rules) => soak(minutes(rules)));
  const seen = (rules: Rules) => `the second half of ${minutes(rules)} min`;
  return [
    {
      name,
      what: 'engine private memory at 5,000 ticks/s against bare node',
      unit: 'MB more',
      target: { most: 28 },
      async measure(rules) {
        const points = await run(rules);
        return { figures: points.map(([, mb]) => mb), seen: seen(rules) };
      },
    },
    {
      name: `${name}-slope`,
      what: 'the same: how it grows',
      unit: 'MB/min',
      target: { most: 0.5 },
      measure: async (rules) => ({ figures: [slope(await run(rules))], seen: seen(rules) }),
    },
  ];
}

export const memoryRows: Row[] = rows('memory', quickly).map((row) => ({ ...row, atOnce: 'load' }));

const onlyNamed = (all: Row[]): Row[] => all.map((row) => ({ ...row, onlyNamed: true }));
export const longMemoryRows: Row[] = [
  ...onlyNamed(rows('soak-memory', () => 30)),
  ...onlyNamed(rows('soak-memory-5min', () => 5)),
];
