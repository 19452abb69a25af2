import { readFileSync } from 'node:fs';
import type { Drift } from '@hybrid-soak/contract/drift.ts';
import { type Point, withoutSteps } from '@hybrid-soak/contract/drift-steps.ts';
import { median } from '@hybrid-soak/contract/median.ts';
import { driftOf } from '@hybrid-soak/supervisor/core/drift/judge.ts';
import type { Aged, Piece } from '@hybrid-soak/supervisor/core/drift/memory.ts';
import { pooledSlope } from '@hybrid-soak/supervisor/core/drift/slope.ts';
import { begin } from '@hybrid-soak/supervisor/core/step.ts';
import { between, chance, pick, type Random, seeded } from '../random.ts';
import { defaultOptions } from '../scenario.ts';

/** A run of the study. `leak`: MiB/h of the process's memory, its heap included. */
export interface StudyRun {
  seed: number;
  hours: number;
  leak: number;
  threshold: number;
}

const FLOOR_H = 1 / 12;
const MINUTE_H = 1 / 60;
/**
 * How much of a value the next one has, at most; each run and signal has its own. Floors of the recording are seconds apart and
 * follow one another closely; those of a run are minutes apart, which is as long as the recording wanders.
 */
const MOST_FOLLOWING = 0.4;
/** Of a restart half way. */
const RESTART_SHARE = 0.3;
/** A run has this many jumps of the level at most, each of up to so many MiB: a cache that filled. */
const MOST_STEPS = 2;
const STEP_MIB = 0.3;
/** Memory that the allocator took and gave back six minutes later, as in the recording, in so many of the runs. */
const PLATEAU = { mib: 8.2, hours: 0.1, share: 0.2 };

export interface Profile {
  about: string;
  warm_s: number;
  floors: number[][];
}

type Column = 'heap' | 'private_memory' | 'descriptors' | 'cpu_per_frame' | 'commit_latency';
const COLUMNS: Record<Column, { at: number; unit: number }> = {
  heap: { at: 1, unit: 1024 },
  private_memory: { at: 2, unit: 1024 },
  descriptors: { at: 3, unit: 1 },
  cpu_per_frame: { at: 4, unit: 1000 },
  commit_latency: { at: 5, unit: 1000 },
};

/**
 * What the recording has beside its own line and its steps, after its warm-up, by signal; in the unit of the signal. `warming`:
 * how far below its last level each minute was, by hours since the process began; empty if that is left out.
 */
export type Noise = Record<Column, { level: number; residuals: number[]; warming: readonly Point[] }>;

/** `isCold`: each life begins as the recorded one did, while its code was compiled and its caches filled. */
export function noiseOf(file: string | URL, isCold = false): Noise {
  const { floors, warm_s } = JSON.parse(readFileSync(file, 'utf8')) as Profile;
  const warm = floors.filter(([s = 0]) => s >= warm_s);
  const entries = Object.entries(COLUMNS).map(([name, { at, unit }]) => {
    const pieces = withoutSteps(warm.map((row, x) => ({ x, y: (row[at] as number) / unit })));
    const slope = pooledSlope(pieces)?.value ?? 0;
    const flat = pieces.map((points) => points.map(({ x, y }) => y - slope * x));
    const residuals = flat.flatMap((ys) => ys.map((y) => y - (median(ys) ?? 0)));
    return [name, { level: median(flat.flat()) ?? 0, residuals, warming: isCold ? warmingOf(floors, at, unit) : [] }];
  });
  return Object.fromEntries(entries) as Noise;
}

/** Medians of a minute less the level of the last five minutes. */
function warmingOf(floors: readonly number[][], at: number, unit: number): Point[] {
  const end = floors.at(-1)?.[0] ?? 0;
  const last = median(floors.filter(([s = 0]) => s >= end - 300).map((row) => row[at] as number)) ?? 0;
  const minutes = Map.groupBy(floors, ([s = 0]) => Math.floor(s / 60));
  return [...minutes].map(([minute, rows]) => ({
    x: (minute + 0.5) / 60,
    y: ((median(rows.map((row) => row[at] as number)) ?? last) - last) / unit,
  }));
}

/** Of the minute that the age falls in; 0 past the recording. */
const warmingAt = (warming: readonly Point[], age: number): number =>
  warming.find(({ x }) => Math.abs(x - age) <= 0.5 / 60)?.y ?? 0;

/** What the supervisor says of the run at its end. */
export function judge(noise: Noise, { seed, hours, leak, threshold }: StudyRun): Drift[] {
  const random = seeded(seed);
  const options = defaultOptions(seed, hours * 3600);
  options.thresholds = { max_memory_growth_mib_per_hour: threshold };
  const state = begin(options);
  const lives = chance(random, RESTART_SHARE) ? [hours * between(random, 0.3, 0.7)] : [];
  const pieces = [...lives, hours].flatMap((end, n, ends) =>
    piecesOf(noise, random, `life ${n}`, end - (ends[n - 1] ?? 0), leak),
  );
  state.drift = { ...state.drift, pieces, left: { descriptors: 1024 - 34, private_memory: 700 } };
  return driftOf(state);
}

function piecesOf(noise: Noise, random: Random, life: string, hours: number, leak: number): Piece[] {
  const piece = (signal: Column, everyH: number, grows: number): Piece => ({
    ...{ signal, life, rung: 'NORMAL' },
    points: series(noise[signal], random, Math.floor(hours / everyH), everyH, grows, signal),
  });
  return [
    piece('heap', FLOOR_H, leak / 2),
    piece('private_memory', FLOOR_H, leak),
    ...(['descriptors', 'cpu_per_frame', 'commit_latency'] as const).map((signal) => piece(signal, MINUTE_H, 0)),
  ];
}

function series(
  { level, residuals, warming }: Noise[Column],
  random: Random,
  count: number,
  everyH: number,
  grows: number,
  signal: Column,
): Aged[] {
  const isMemory = signal === 'heap' || signal === 'private_memory';
  const steps = isMemory
    ? Array.from({ length: Math.floor(between(random, 0, MOST_STEPS + 1)) }, () => ({
        at: between(random, 0, count),
        mib: between(random, 0, STEP_MIB),
      }))
    : [];
  if (signal === 'private_memory' && chance(random, PLATEAU.share)) {
    const at = between(random, 0, count);
    steps.push({ at, mib: PLATEAU.mib }, { at: at + PLATEAU.hours / everyH, mib: -PLATEAU.mib });
  }
  const follows = between(random, 0, MOST_FOLLOWING);
  let last = pick(random, residuals);
  return Array.from({ length: count }, (_, n) => {
    last = follows * last + Math.sqrt(1 - follows ** 2) * pick(random, residuals);
    const age = (n + 1) * everyH;
    const jumped = steps.reduce((sum, { at, mib }) => sum + (n >= at ? mib : 0), 0);
    const y = level + jumped + grows * age + last + (isMemory ? warmingAt(warming, age) : 0);
    return { age, x: age, y: signal === 'descriptors' ? Math.round(y) : y };
  });
}
