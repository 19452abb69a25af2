import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { configSchema } from '@hybrid-soak/contract/config.ts';
import type { FrameOrigin } from '@hybrid-soak/engine/core/frame-origin.ts';
import { Pipeline } from '@hybrid-soak/engine/pipeline.ts';
import { openDatabase } from '@hybrid-soak/engine/store/open/open.ts';
import { batchWriter } from '@hybrid-soak/engine/store/rows/statements.ts';
import { type SeenTick, STATUS, ticksOf } from '../engine/ticks.ts';
import { BITFINEX, CONTROL, FOREIGN, HISTORY, IGNORED, LIVE, MALFORMED } from '../fixtures/frames.ts';
import { pick, type Random } from '../sim/random.ts';
import { check, type Fault, type Round } from './fault.ts';
import { mutate } from './mutate.ts';

const SHAPES = [LIVE, LIVE, HISTORY, CONTROL, IGNORED, FOREIGN, BITFINEX, MALFORMED].flatMap((shapes) =>
  Object.values(shapes),
);
const FLUSH_EVERY = 500;

export const fuzz: Fault = {
  name: 'fuzz',
  what: 'no crash, no wrong row, each frame counted once',
  full: 100_000,
  short: 10_000,
  async inflict(round) {
    const folder = mkdtempSync(join(tmpdir(), 'faults-'));
    try {
      return fuzzInto(join(folder, 'bot.db'), round);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
};

function fuzzInto(path: string, { count, random }: Round): string {
  const { db } = openDatabase(path);
  const write = batchWriter(db, 1, 1000);
  const pipeline = new Pipeline(configSchema.parse({ engine: { strategy: 'sma' }, mode: 'PAPER' }));
  const sources = ['btcusd', ''].map(
    (symbol): FrameOrigin => ({ name: `s${symbol}`, venue: 'test', symbol, wireSymbol: undefined }),
  );
  const flush = () => write({ ...pipeline.takeRows(), status: STATUS }, 1, 0);
  for (let n = 1; n <= count; n++) {
    const frame = mutate(random, shape(random, n));
    const before = pipeline.counters.ticks;
    pipeline.onFrame(pick(random, sources), frame, 0);
    const { received, ticks } = pipeline.counters;
    check('a frame was not counted once', received === n && pipeline.unaccounted() === 0, pipeline.counters);
    if (ticks > before) checkRows(pipeline, frame, ticks - before, (rows) => write({ ...rows, status: STATUS }, 1, 0));
    else if (n % FLUSH_EVERY === 0) flush();
  }
  flush();
  const [{ n: written }] = db.prepare('SELECT COUNT(*) AS n FROM ticks').all() as [{ n: number }];
  check('ticks and rows differ', written === pipeline.counters.ticks, written);
  check('integrity_check', db.pragma('integrity_check', { simple: true }) === 'ok');
  check('the prototype was changed', Object.keys(Object.prototype).length === 0 && !('polluted' in {}));
  db.close();
  const { kept, duplicates, history, control, ignored, malformed } = pipeline.counters;
  return `${count} frames: ${kept} kept, ${duplicates} duplicates, ${history} history, ${control} control, ${ignored} ignored, ${malformed} malformed; ${written} rows, each as its frame said`;
}

/** A real shape, half of the time under an id of its own. */
function shape(random: Random, n: number): string {
  const text = pick(random, SHAPES);
  return random() < 0.5 ? text.replaceAll('4321', String(5_000_000 + n)) : text;
}

/** The rows of one frame, against the frame read by other means: each price, size and id stands in it. */
function checkRows(
  pipeline: Pipeline,
  frame: Buffer,
  made: number,
  write: (rows: ReturnType<Pipeline['takeRows']>) => void,
): void {
  const rows = pipeline.takeRows();
  const text = frame.toString('utf8');
  const leaves = new Set(leavesOf(JSON.parse(text)).map(Number));
  for (const tick of ticksOf(rows.ticks, pipeline.markets).slice(-made))
    check('a wrong row', isSound(tick, leaves, text), { tick, text });
  write(rows);
}

function isSound({ wire, price, volume, ts, tradeId }: SeenTick, leaves: Set<number>, text: string): boolean {
  // The sign of Bitfinex's amounts is the taker's side.
  const isAmount = leaves.has(volume) || (/"te"/.test(text) && leaves.has(-volume));
  const numbers = price > 0 && volume > 0 && leaves.has(price) && isAmount;
  const time = Number.isSafeInteger(ts) && ts > Date.UTC(2009, 0, 1) && ts < Date.UTC(2100, 0, 1);
  const id = tradeId === null || isSaid(String(tradeId), leaves, text);
  return numbers && time && id && /^[\w./:-]{1,32}$/.test(wire);
}

/** Digit for digit; a number that is exact may be spelt in another way (`1.5e3`). */
function isSaid(id: string, leaves: Set<number>, text: string): boolean {
  if (text.includes('publicTrade')) return /^[0-9A-Za-z][0-9A-Za-z-]{0,63}$/.test(id) && text.includes(id);
  if (!/^\d{1,20}$/.test(id)) return false;
  return text.includes(id) || (Number.isSafeInteger(Number(id)) && leaves.has(Number(id)));
}

function leavesOf(value: unknown): unknown[] {
  const leaves: unknown[] = [];
  const left = [value];
  while (left.length > 0) {
    const next = left.pop();
    if (typeof next === 'object' && next !== null) left.push(...Object.values(next));
    else leaves.push(next);
  }
  return leaves;
}
