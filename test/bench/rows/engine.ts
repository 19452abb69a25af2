import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EngineClient, startEngine, startPart } from '../clients.ts';
import { profiled } from '../profile.ts';
import { alternate, median, sideBySide } from '../ratio.ts';
import { type Row, type Rules, shared } from '../row.ts';
import { type Streamed, stream } from '../stream.ts';

/** What --max-semi-space-size of the unit forbids. */
const ROOMY = ['--max-semi-space-size=8', '--min-semi-space-size=8'];

const bare = (url: string) => startPart('bare.ts', url);

const BURST = 512;

/** The default configuration, but for what a row is about. */
function engine(url: string, more = '', nodeFlags: string[] = []): EngineClient {
  return startEngine(`[engine]\ningest_mode = "mockws"\nws_url = "${url}"\n${more}`, nodeFlags);
}

/** The rows of the last, short batch wait for the flush timer, up to a second. */
const LAST_BATCH = 5000;
const kept = (url: string) => ({ ...engine(url), tail: LAST_BATCH });
const throttled = (url: string) => engine(url, 'sample_every = 20\ncoalesce_reads_ms = 0\n');
const frames = ({ quick }: Rules) => (quick ? 300_000 : 800_000);

const everyFrame = shared((rules: Rules) =>
  alternate(
    rules.repeats,
    () => stream(bare, { frames: frames(rules) }),
    () => stream(kept, { frames: frames(rules) }),
    false,
  ),
);

/** The size of the bursts decides what the bare client pays for its reads. */
const inBursts = shared((rules: Rules) => {
  const go = { frames: frames(rules), group: BURST };
  return alternate(
    rules.quick ? 1 : 2,
    () => stream(bare, go),
    () => stream(kept, go),
    false,
  );
});

const rate = (turns: Streamed[]) => `${Math.round(median(turns.map((turn) => turn.framesPerSecond)) / 1000)}k frames/s`;
const micros = (figures: number[]) => `${median(figures).toFixed(2)} us`;
type Turns = { yardstick: Streamed; real: Streamed }[];
const rates = (turns: Turns) => turns.map(({ yardstick, real }) => real.framesPerSecond / yardstick.framesPerSecond);
const mains = (turns: Turns) => turns.map(({ yardstick, real }) => real.mainUs / yardstick.mainUs);

const profile = shared((rules: Rules) =>
  profiled('engine', (flags) => stream((url) => engine(url, '', flags), { frames: frames(rules) })),
);

export const engineRate: Row = {
  name: 'engine-rate',
  what: 'engine, WebSocket to committed rows, every frame kept: frames/s against the bare ws client',
  unit: 'x bare',
  target: { least: 0.72 },
  async measure(rules) {
    const turns = await everyFrame(rules);
    const burst = median(rates(await inBursts(rules))).toFixed(2);
    const dropped = Math.max(...turns.map(({ real }) => real.dropped));
    const engine = `engine ${rate(turns.map((turn) => turn.real))}, at most ${dropped} dropped`;
    return {
      figures: rates(turns),
      seen: `bare ${rate(turns.map((turn) => turn.yardstick))}, ${engine}; bursts of 4 (of ${BURST}: ${burst} x)`,
    };
  },
  whyMissed: async (rules) =>
    `with 0.4 rows of signals, orders and fills a tick the writer thread is busy all the time, in SQLite; ${await profile(rules)}`,
};

export const engineCpu: Row = {
  name: 'engine-cpu',
  what: 'the same in CPU a frame, main thread alone',
  unit: 'x bare',
  target: { most: 1.25 },
  async measure(rules) {
    const turns = await everyFrame(rules);
    const main = (of: 'yardstick' | 'real') => micros(turns.map((turn) => turn[of].mainUs));
    const total = micros(turns.map(({ real }) => real.totalUs));
    const burst = median(mains(await inBursts(rules))).toFixed(2);
    return {
      figures: mains(turns),
      seen: `bare ${main('yardstick')}, engine ${main('real')} (all threads ${total}); bursts of 4 (of ${BURST}: ${burst} x)`,
    };
  },
  async whyMissed(rules) {
    const go = { frames: frames(rules) };
    const roomy = (url: string) => ({ ...engine(url, '', ROOMY), tail: LAST_BATCH });
    const turns = await alternate(
      2,
      () => stream(kept, go),
      () => stream(roomy, go),
      false,
    );
    const less = median(mains(turns)).toFixed(2);
    return `the garbage of ws and of rows that wait, in a young generation of 1 MB for the sake of the memory target: one of 8 MB takes ${less} x the CPU; ${await profile(rules)}`;
  },
};

/** Frames of other exchanges, which no pass over the bytes is made for alone: main thread against the bare client. */
export const exchangeRows: Row[] = [
  ['gemini', '/v1/marketdata/btcusd'],
  ['coinbase', '/coinbase'],
  ['kraken', '/kraken'],
].map(([exchange, path]) => ({
  name: `${exchange}-cpu`,
  what: `CPU a frame of ${exchange}, main thread alone, every frame kept`,
  unit: 'x bare',
  target: { most: 2.2 },
  async measure({ quick, repeats }) {
    const go = { frames: quick ? 150_000 : 400_000 };
    const turns = await alternate(
      Math.min(repeats, 3),
      () => stream(bare, go, path),
      () => stream(kept, go, path),
      false,
    );
    const main = (of: 'yardstick' | 'real') => micros(turns.map((turn) => turn[of].mainUs));
    return { figures: mains(turns), seen: `bare ${main('yardstick')}, engine ${main('real')}` };
  },
}));

export const throttledCpu: Row = {
  name: 'throttled-cpu',
  what: 'CPU a received frame at THROTTLE3 against the bare ws client, frames in bulk',
  unit: 'x bare',
  target: { most: 1 },
  async measure({ quick, repeats }) {
    const go = { frames: quick ? 300_000 : 1_000_000 };
    const turns = await alternate(
      repeats,
      () => stream(bare, go),
      () => stream(throttled, go),
      false,
    );
    return {
      figures: turns.map(({ yardstick, real }) => real.totalUs / yardstick.totalUs),
      seen: `bare ${micros(turns.map((turn) => turn.yardstick.totalUs))}, engine ${micros(turns.map((turn) => turn.real.totalUs))}`,
    };
  },
};

export const throttledReads: Row = {
  name: 'throttled-reads',
  what: 'CPU at THROTTLE3 against NORMAL, 10,000 frames/s arriving one by one, whole process, no received frame lost',
  unit: 'x NORMAL',
  target: { most: 0.25 },
  async measure({ quick, repeats }) {
    const go = { frames: quick ? 20_000 : 60_000, rate: 10_000 };
    const gathered = (url: string) => engine(url, 'sample_every = 20\n');
    const turns = await sideBySide(
      Math.min(repeats, 3),
      () => stream(kept, go),
      () => stream(gathered, go),
    );
    const seen = (of: 'yardstick' | 'real') => micros(turns.map((turn) => turn[of].totalUs));
    return {
      figures: turns.map(({ yardstick, real }) => real.totalUs / yardstick.totalUs),
      seen: `NORMAL ${seen('yardstick')} a frame, THROTTLE3 ${seen('real')}; every frame received`,
    };
  },
};

export const autocommit: Row = {
  name: 'autocommit',
  what: 'engine against its own pipeline with one-thread, row-by-row autocommit: frames/s',
  unit: 'x',
  target: { least: 10 },
  async measure({ quick, repeats }) {
    const few = { frames: quick ? 40_000 : 150_000 };
    const many = { frames: quick ? 300_000 : 1_000_000 };
    const turns = await alternate(
      Math.min(repeats, 3),
      () => stream(rowByRow, few),
      () => stream(kept, many),
      false,
    );
    return {
      figures: turns.map(({ yardstick, real }) => real.framesPerSecond / yardstick.framesPerSecond),
      seen: `row by row ${rate(turns.map((turn) => turn.yardstick))}, engine ${rate(turns.map((turn) => turn.real))}`,
    };
  },
};

function rowByRow(url: string) {
  const folder = mkdtempSync(join(tmpdir(), 'hybrid-bench-'));
  const client = startPart('autocommit.ts', url, join(folder, 'bot.db'));
  return {
    ...client,
    async close() {
      await client.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
