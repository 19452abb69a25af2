import { Worker } from 'node:worker_threads';
import type { Notes, ProofCode } from './proof.ts';
import type { ReaderReport } from './reader-thread.ts';

const READERS = 2;
const TICK_MS = 2;
const secondsOf = (quick: boolean) => (quick ? 6 : 20);

export const concurrency: ProofCode = {
  name: 'concurrency',
  requirement:
    'Readers at full speed never see SQLITE_BUSY, never see counts or MAX(ts) go back, and do not slow the writer by more than 5 %.',
  method: (quick) =>
    `${READERS} threads read the engine's database without a pause and without a busy timeout for ${secondsOf(quick)} s while the engine writes ` +
    `${1000 / TICK_MS} rows/s; the write rate is taken as long before, without them.`,
  async measure(ground, notes) {
    const seconds = secondsOf(ground.quick);
    ground.configure({ engine: { ingest_mode: 'synthetic', tick_interval_ms: TICK_MS, sample_every: 1 } });
    await ground.restart();
    const alone = await ground.rate(seconds);
    const readers = startReaders(ground.scratch.path);
    let beside = 0;
    try {
      beside = await ground.rate(seconds);
    } finally {
      notes.evidence({ rows_a_second: { alone, beside }, readers: await readers.stop() });
    }
    judge(notes, alone, beside, await readers.stop());
  },
};

function startReaders(path: string) {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const reports = Array.from({ length: READERS }, () => {
    const worker = new Worker(new URL('./reader-thread.ts', import.meta.url), { workerData: { path, stop } });
    return new Promise<ReaderReport>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
  });
  return {
    stop(): Promise<ReaderReport[]> {
      Atomics.store(stop, 0, 1);
      return Promise.all(reports);
    },
  };
}

function judge(notes: Notes, alone: number, beside: number, readers: ReaderReport[]): void {
  const sum = (key: 'reads' | 'busy' | 'backwards') => readers.reduce((total, reader) => total + reader[key], 0);
  const p99 = Math.max(...readers.map((reader) => reader.p99_us)) / 1000;
  const slower = (1 - beside / alone) * 100;
  notes.number('rows/s without readers', alone, 'rows/s');
  notes.number('rows/s with readers', beside, 'rows/s');
  notes.number('reads', sum('reads'), 'reads');
  notes.number('read latency p50', Math.max(...readers.map((reader) => reader.p50_us)) / 1000, 'ms');
  notes.number('read latency p99', p99, 'ms');
  notes.check('no SQLITE_BUSY', sum('busy') === 0 && sum('reads') > 0, `${sum('busy')} in ${sum('reads')} reads`);
  notes.check(
    'row count and MAX(ts) never go back',
    sum('backwards') === 0 && sum('reads') > 0,
    `${sum('backwards')} times in ${sum('reads')} reads`,
  );
  notes.check(
    'the write rate is within 5 % of the rate without readers',
    Math.abs(slower) <= 5,
    `${alone.toFixed(1)} rows/s alone, ${beside.toFixed(1)} with readers (${slower.toFixed(1)} % less)`,
  );
}
