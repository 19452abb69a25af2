import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { configSchema } from '@hybrid-soak/contract/config.ts';
import { recordedLine } from '@hybrid-soak/contract/recorded-frame.ts';
import type { FrameOrigin } from '@hybrid-soak/engine/core/frame-origin.ts';
import { startReplay } from '@hybrid-soak/engine/feeds/replay/replay.ts';
import { startSources } from '@hybrid-soak/engine/feeds/sources.ts';
import { Pipeline } from '@hybrid-soak/engine/pipeline.ts';
import fc from 'fast-check';
import t, { type Test } from 'tap';
import { CONTROL, FOREIGN, HISTORY, IGNORED, LIVE, MALFORMED, MS } from '../../fixtures/frames.ts';
import { ticksOf } from '../ticks.ts';
import { scripted, sourceOf, sourcesRules, until } from './scripted-server.ts';

const ALL = [LIVE, HISTORY, CONTROL, IGNORED, FOREIGN, MALFORMED].flatMap((frames) => Object.values(frames));

function pipelineOf(sampleEvery: number) {
  const pipeline = new Pipeline(configSchema.parse({ engine: { sample_every: sampleEvery, signal_every_n_ticks: 3 } }));
  const events = {
    frame: (origin: FrameOrigin, bytes: Buffer) => pipeline.onFrame(origin, bytes, 0),
    log: () => {},
    hopeless: () => {},
  };
  return { pipeline, events };
}

/** All that may stand in the database; times of receipt are left out. */
function rowsOf(pipeline: Pipeline) {
  const { ticks, gaps, quarantine, signals, orders, fills } = pipeline.takeRows();
  return {
    counters: pipeline.totals(),
    ticks: ticksOf(ticks, pipeline.markets),
    gaps: gaps.map(({ is, source, market, from, to }) => ({ is, source, market, from, to })),
    quarantine: quarantine.map(({ source, reason, raw }) => ({ source, reason, raw })),
    signals,
    orders,
    fills,
  };
}

async function live(t: Test, frames: string[], sampleEvery: number) {
  const { url } = await scripted(t, (socket) => {
    for (const frame of frames) socket.send(frame);
  });
  const { pipeline, events } = pipelineOf(sampleEvery);
  const feed = startSources([sourceOf(url)], sourcesRules(t), events);
  await until(() => pipeline.counters.received >= frames.length);
  await feed.stop();
  return { url, rows: rowsOf(pipeline) };
}

async function replayed(path: string, sampleEvery: number) {
  const { pipeline, events } = pipelineOf(sampleEvery);
  await new Promise<void>((finished) => {
    startReplay({ path, symbol: 'BTCUSD', longestLine: 1e6 }, () => false, { ...events, finished });
  });
  return rowsOf(pipeline);
}

t.test('any frames, of known and foreign venues, give the same rows live and recorded', async (t) => {
  const path = join(t.testdir({}), 'recording.jsonl');
  const runs = fc.sample(fc.array(fc.constantFrom(...ALL), { minLength: 1, maxLength: 60 }), 8);
  for (const [n, frames] of [ALL, ...runs].entries())
    for (const sampleEvery of [1, 5])
      await t.test(`run ${n}, one in ${sampleEvery}`, async (t) => {
        const { url, rows } = await live(t, frames, sampleEvery);
        const lines = frames.map((raw, at) => recordedLine({ received_ms: MS + at, source: 'a', url, raw }));
        writeFileSync(path, lines.join(''));
        t.same(await replayed(path, sampleEvery), rows);
      });
});

t.test('a plain file of those frames gives the same ticks, none of a foreign venue', async (t) => {
  const path = join(t.testdir({}), 'frames.jsonl');
  const { rows } = await live(t, ALL, 1);
  writeFileSync(path, ALL.map((raw) => `${raw}\n`).join(''));
  const plain = await replayed(path, 1);
  const bare = ({ ticks }: typeof rows) => ticks.map(({ venue, source, symbol, ...rest }) => rest);
  t.same(bare(plain), bare(rows));
  writeFileSync(path, Object.values(FOREIGN).join('\n'));
  const foreign = await replayed(path, 1);
  t.same([foreign.ticks.length, foreign.orders.cells.length], [0, 0]);
  t.equal(foreign.counters.ignored, Object.keys(FOREIGN).length);
});
