import { Worker } from 'node:worker_threads';
import { median } from '@hybrid-soak/contract/median.ts';
import type { Notes } from '../inspect/notes.ts';
import { TOO_BUSY } from './ends.ts';
import type { ProofCode } from './proof.ts';
import type { ReaderReport } from './reader-thread.ts';

const READERS = 2;
const TICK_MS = 2;
/** Turns without and with readers, one after another: what else the host does falls on both alike. */
const turnsOf = (quick: boolean) => (quick ? 3 : 4);
const secondsOf = (quick: boolean) => (quick ? 6 : 20);
const WITHIN_PERCENT = 5;

export const concurrency: ProofCode = {
  name: 'concurrency',
  requirement:
    'Readers at full speed never see SQLITE_BUSY, never see counts or MAX(ts) go back, and do not slow the writer by more than 5 %.',
  method: (quick) =>
    `${READERS} threads read the engine's database without a pause and without a busy timeout while the engine writes ` +
    `${1000 / TICK_MS} rows/s: ${turnsOf(quick)} turns of ${secondsOf(quick) / turnsOf(quick)} s, each after as long without them. ` +
    'The write rates are the medians of the turns.',
  async measure(ground, notes) {
    const turns = turnsOf(ground.quick);
    const seconds = secondsOf(ground.quick) / turns;
    ground.configure({ engine: { ingest_mode: 'synthetic', tick_interval_ms: TICK_MS, sample_every: 1 } });
    await ground.restart();
    const measured: Measured = { alone: [], beside: [], readers: [] };
    for (let turn = 0; turn < turns; turn++) {
      measured.alone.push(await ground.rate(seconds));
      const readers = startReaders(ground.scratch.path);
      try {
        measured.beside.push(await ground.rate(seconds));
      } finally {
        measured.readers.push(...(await readers.stop()));
      }
    }
    notes.evidence({ rows_a_second: { alone: measured.alone, beside: measured.beside }, readers: measured.readers });
    checkMeasured(notes, measured);
  },
};

interface Measured {
  /** Rows/s of each turn, without and with readers. */
  alone: number[];
  beside: number[];
  readers: ReaderReport[];
}

/** Threads that read the database at `path` until they are stopped; `stop` rejects if one of them has failed. */
export function startReaders(path: string) {
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const reports = Array.from({ length: READERS }, () => {
    const worker = new Worker(new URL('./reader-thread.ts', import.meta.url), { workerData: { path, stop } });
    return new Promise<ReaderReport>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
      worker.once('exit', () => reject(new Error('a reader ended without a report')));
    });
  });
  // A reader may fail before it is asked: it is heard from the start, or its failure would end the process with nothing restored.
  const all = Promise.allSettled(reports);
  return {
    async stop(): Promise<ReaderReport[]> {
      Atomics.store(stop, 0, 1);
      await all;
      return Promise.all(reports);
    },
  };
}

function checkMeasured(notes: Notes, { alone, beside, readers }: Measured): void {
  const sum = (key: 'reads' | 'busy' | 'backwards') => readers.reduce((total, reader) => total + reader[key], 0);
  const p99 = Math.max(...readers.map((reader) => reader.p99_us)) / 1000;
  notes.number('reads', sum('reads'), 'reads');
  notes.number('read latency p50', Math.max(...readers.map((reader) => reader.p50_us)) / 1000, 'ms');
  notes.number('read latency p99', p99, 'ms');
  notes.check(
    'no SQLITE_BUSY',
    sum('busy') === 0 && sum('reads') > 0,
    `${sum('busy')} in ${sum('reads')} reads, p99 ${p99.toFixed(1)} ms`,
  );
  notes.check(
    'row count and MAX(ts) never go back',
    sum('backwards') === 0 && sum('reads') > 0,
    `${sum('backwards')} times in ${sum('reads')} reads`,
  );
  rates(notes, alone, beside);
}

/** If the turns of either kind differ by more than the bound itself, a difference between the kinds says nothing about the readers. */
export function rates(notes: Notes, alone: number[], beside: number[]): void {
  const what = `the write rate is within ${WITHIN_PERCENT} % of the rate without readers`;
  const [without, withReaders] = [median(alone) ?? 0, median(beside) ?? 0];
  const slower = (1 - withReaders / without) * 100;
  const wavers = Math.max(spreadOf(alone), spreadOf(beside));
  notes.number('rows/s without readers', without, 'rows/s');
  notes.number('rows/s with readers', withReaders, 'rows/s');
  notes.number('the rate wavers by', wavers, '%');
  const measured = `${without.toFixed(1)} rows/s alone, ${withReaders.toFixed(1)} with readers (${slower.toFixed(1)} % less); from turn to turn it wavers by ${wavers.toFixed(1)} %`;
  const within = Math.abs(slower) <= WITHIN_PERCENT;
  if (within || wavers <= WITHIN_PERCENT) notes.check(what, within, measured);
  else notes.blocked(what, `${measured}: ${TOO_BUSY}`, 'again on a quieter host');
}

/** From the lowest to the highest, percent of the median. */
const spreadOf = (rates: number[]): number =>
  ((Math.max(...rates) - Math.min(...rates)) / (median(rates) ?? Number.NaN)) * 100;
