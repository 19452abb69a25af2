import { once } from 'node:events';
import { join, resolve } from 'node:path';
import Database from 'better-sqlite3';
import { type EngineClient, startEngine, startFeed } from '../clients.ts';
import { sleep } from '../memory.ts';
import { median } from '../ratio.ts';
import type { Row } from '../row.ts';

const PROBE = resolve(import.meta.dirname, '../parts/loop-delay.ts');
const RATE = 5000;
const STALL_MS = 3000;

/** The disk is a lock that another connection holds: for the writer thread the same as a disk that does not answer. */
export const diskStall: Row = {
  name: 'disk-stall',
  what: 'longest event-loop delay of the ingest thread while the disk stalls for 3 s, at 5,000 ticks/s; nothing lost',
  unit: 'ms',
  target: { most: 10 },
  async measure({ quick }) {
    const turns: { quiet: number; stalled: number }[] = [];
    for (let turn = 0; turn < (quick ? 1 : 3); turn++) turns.push(await once3s());
    const quiet = median(turns.map((turn) => turn.quiet));
    return {
      figures: turns.map((turn) => turn.stalled),
      seen: `${quiet.toFixed(1)} ms while the disk answers; every tick committed, none dropped`,
    };
  },
};

async function once3s(): Promise<{ quiet: number; stalled: number }> {
  const feed = await startFeed();
  const connected = feed.connected();
  const engine = startEngine(
    `[engine]\ningest_mode = "mockws"\nws_url = "ws://127.0.0.1:${feed.port}/ws/btcusdt@trade"\n`,
    ['--import', PROBE],
  );
  try {
    await connected;
    const frames = RATE * 6;
    const sent = feed.send({ frames, rate: RATE });
    await engine.until(RATE / 2);
    await longest(engine);
    await sleep(1000);
    const quiet = await longest(engine);
    const other = new Database(join(engine.folder, 'data/bot.db'));
    other.exec('BEGIN IMMEDIATE');
    await sleep(STALL_MS);
    const stalled = await longest(engine);
    other.exec('ROLLBACK');
    other.close();
    await sent;
    await engine.until(frames);
    const { ticks_written: written, drops } = engine.status() ?? { ticks_written: 0, drops: 0 };
    if (written !== frames || drops > 0) throw new Error(`${frames} sent, ${written} committed, ${drops} dropped`);
    return { quiet, stalled };
  } finally {
    await engine.close();
    feed.close();
  }
}

async function longest(engine: EngineClient): Promise<number> {
  engine.child.send({});
  const [{ longestMs }] = (await once(engine.child, 'message')) as [{ longestMs: number }];
  return longestMs;
}
