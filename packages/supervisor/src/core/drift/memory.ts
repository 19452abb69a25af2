import type { DriftSignal } from '@hybrid-soak/contract/drift-signals.ts';
import type { Rung } from '@hybrid-soak/contract/ladder.ts';

/** `x` and `y` as `SIGNALS` says; `age`: hours since the life's beginning. */
export interface Aged {
  age: number;
  x: number;
  y: number;
}

/** A signal at one rung of one life of the engine. */
export interface Piece {
  signal: DriftSignal;
  life: string;
  rung: Rung;
  points: readonly Aged[];
}

/** What is gathered for one minute. */
export interface Minute {
  since: number;
  /** When the rows of the engine were written that the values are from. */
  written: readonly number[];
  values: Partial<Record<DriftSignal, readonly number[]>>;
  /** At its beginning. */
  cpuUsec: number | null;
  frames: number;
}

/** What of the engine's memory, descriptors, latency and disk is kept for the slopes. */
export interface DriftMemory {
  life: string | null;
  lifeSince: number;
  minute: Minute | null;
  /** Of the last row of the engine, by its own clock. */
  flushMs: number | null;
  /** Of the last floor, ms since the process began; and between the last two. */
  floorMs: number | null;
  floorEveryMs: number;
  pieces: readonly Piece[];
  /** What is left until each limit, in the unit of the signal; absent without a limit. */
  left: Partial<Record<DriftSignal, number>>;
}

const FLOOR_EVERY_MS = 300_000;
/** Past it neighbours are merged: a soak of weeks keeps as much as one of a day. */
const MOST_POINTS = 200;

export const noDrift = (): DriftMemory => ({
  life: null,
  lifeSince: 0,
  minute: null,
  flushMs: null,
  floorMs: null,
  floorEveryMs: FLOOR_EVERY_MS,
  pieces: [],
  left: {},
});

/** The pieces with one point more. */
export function withPoint(
  pieces: readonly Piece[],
  { signal, life, rung }: Omit<Piece, 'points'>,
  point: Aged,
): readonly Piece[] {
  const at = pieces.findLastIndex((piece) => piece.signal === signal);
  const last = pieces[at];
  if (last === undefined || last.life !== life || last.rung !== rung)
    return [...pieces, { signal, life, rung, points: [point] }];
  return pieces.with(at, { ...last, points: merged([...last.points, point]) });
}

function merged(points: readonly Aged[]): readonly Aged[] {
  if (points.length <= MOST_POINTS) return points;
  const mean = (a: number, b: number) => (a + b) / 2;
  const pairs: Aged[] = [];
  for (let n = 0; n + 1 < points.length; n += 2) {
    const [a, b] = [points[n] as Aged, points[n + 1] as Aged];
    pairs.push({ age: mean(a.age, b.age), x: mean(a.x, b.x), y: mean(a.y, b.y) });
  }
  return points.length % 2 === 0 ? pairs : [...pairs, points.at(-1) as Aged];
}
