import { startEngine, startFeed } from '../clients.ts';
import { bareNodeMb, privateMb, sleep, slope } from '../memory.ts';
import { type Row, type Rules, shared } from '../row.ts';

const RATE = 5000;

/** The engine's private memory over time, minutes and MB above a bare node. */
async function soak(minutes: number): Promise<[minute: number, mb: number][]> {
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

const minutesOf = ({ quick }: Rules) => (quick ? 0.2 : 3);
const short = shared((rules) => soak(minutesOf(rules)));
const long = shared(() => soak(30));

function rows(
  suffix: string,
  run: (rules: Rules) => Promise<[number, number][]>,
  minutes: (rules: Rules) => number,
): Row[] {
  return [
    {
      name: `memory${suffix}`,
      what: 'engine private memory at 5,000 ticks/s against bare node',
      unit: 'MB more',
      target: { most: 40 },
      async measure(rules) {
        const points = await run(rules);
        return { figures: points.map(([, mb]) => mb), seen: `the second half of ${minutes(rules)} min` };
      },
    },
    {
      name: `memory-slope${suffix}`,
      what: 'the same: how it grows',
      unit: 'MB/min',
      target: { most: 0.5 },
      async measure(rules) {
        const points = await run(rules);
        return { figures: [slope(points)], seen: `the second half of ${minutes(rules)} min` };
      },
    },
  ];
}

export const memoryRows: Row[] = rows('', short, minutesOf);

/** Half an hour: only when it is named. */
export const longMemoryRows: Row[] = rows('-30min', long, () => 30).map((row) => ({ ...row, onlyNamed: true }));
