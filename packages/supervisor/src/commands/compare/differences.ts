import { type Drift, driftSchema } from '@hybrid-soak/contract/drift.ts';
import { median } from '@hybrid-soak/contract/median.ts';
import { findSamples, readSamples } from '@hybrid-soak/report/read-samples.ts';
import { ALL_COLUMNS, type Column } from '@hybrid-soak/report/series.ts';
import { opsPaths } from '../../adapters/ops-paths.ts';
import { type Difference, pairedDifference, slopeDifferences } from '../../core/drift/paired.ts';
import type { Recording } from '../../replay/recorded.ts';

interface Compared {
  column: Column;
  signal: string;
  unit: string;
  everyS: number;
}

const MINUTE_S = 60;
/** Floors are five minutes apart. */
const FLOOR_S = 300;
const SIGNALS: Compared[] = [
  { column: 'ticks_per_s', signal: 'ticks', unit: '/s', everyS: MINUTE_S },
  { column: 'cpu_per_frame', signal: 'cpu per frame', unit: 'µs', everyS: MINUTE_S },
  { column: 'engine_cpu_time', signal: 'engine cpu', unit: '% of one CPU', everyS: MINUTE_S },
  { column: 'commit_latency', signal: 'commit latency p99', unit: 'ms', everyS: MINUTE_S },
  { column: 'engine_memory', signal: 'memory', unit: 'MiB', everyS: MINUTE_S },
  { column: 'private_floor', signal: 'private memory, floors', unit: 'MiB', everyS: FLOOR_S },
  { column: 'heap_floor', signal: 'heap, floors', unit: 'MiB', everyS: FLOOR_S },
  { column: 'descriptors', signal: 'descriptors', unit: '', everyS: MINUTE_S },
  { column: 'cpu', signal: 'cpu pressure', unit: '%', everyS: MINUTE_S },
  { column: 'cpu_part', signal: "cpu pressure, engine's part", unit: '%', everyS: MINUTE_S },
];

/** What of two recorded runs can be told apart by their samples and slopes; empty without the samples of both. */
export function differencesOf(a: { file: string; recording: Recording }, b: typeof a): Difference[] {
  const [left, right] = [samplesOf(a), samplesOf(b)];
  const paired =
    left === null || right === null
      ? []
      : SIGNALS.flatMap(({ column, everyS, ...named }) => {
          const found = pairedDifference(stretches(left, column, everyS), stretches(right, column, everyS));
          return found === null ? [] : [{ ...named, ...found }];
        });
  return [...paired, ...slopeDifferences(slopesOf(a.recording), slopesOf(b.recording))];
}

/** An earlier version's SUMMARY has none. */
function slopesOf(recording: Recording): Drift[] {
  const summary = recording.recorded().findLast(({ action }) => action === 'SUMMARY');
  return driftSchema.array().safeParse(summary?.drift).data ?? [];
}

function samplesOf({ file, recording }: { file: string; recording: Recording }): number[][] | null {
  const path = recording.kind === 'samples' ? file : findSamples(opsPaths(file).samples, recording.options.run_id);
  return path === null ? null : (readSamples(path)?.columns ?? null);
}

/** Medians of a column over stretches of the run, from its first sample on; NaN for one without a value. */
function stretches(columns: readonly number[][], column: Column, everyS: number): number[] {
  const times = columns[0] ?? [];
  const values = columns[ALL_COLUMNS.indexOf(column)] ?? [];
  const found: number[][] = [];
  times.forEach((t, at) => {
    const value = values[at] as number;
    if (Number.isNaN(value)) return;
    const stretch = Math.floor((t - (times[0] as number)) / everyS);
    const known = found[stretch];
    if (known === undefined) found[stretch] = [value];
    else known.push(value);
  });
  return Array.from(found, (seen) => median(seen ?? []) ?? Number.NaN);
}
