import type { Trace } from './drive.ts';
import type { NeighbourSpec } from './model/neighbour.ts';
import { changesOf, field, inSeconds, recordsOf } from './rules/rule.ts';
import {
  BACKGROUND,
  CALM_ENGINE,
  defaultOptions,
  type EngineSpec,
  type Hog,
  type Scenario,
  type Trouble,
} from './scenario.ts';

/** A scenario that a policy has failed in, and what is right in it besides the rules; null, or what was seen instead. */
export interface Named {
  scenario: Scenario;
  expects: (trace: Trace) => string | null;
}

const HOUR = 3600;
const MINUTE = 60;

export const CALM: Scenario = {
  options: { ...defaultOptions(1, 2 * HOUR), was_running: true },
  cpus: 2,
  disk: { bytes_per_s: 200e6, ops_per_s: 5000 },
  memory_mib: 8192,
  engine: CALM_ENGINE,
  hogs: [],
  neighbours: [BACKGROUND],
  troubles: [],
  cgroup: true,
  jitter_ms: 0,
  delays: { every_ms: 0, late_ms: 0 },
  effectFails: 0,
  effectSlow: 0,
  effectLost: 0,
  signalAt: null,
  abortAt: null,
};

type Change = Partial<Omit<Scenario, 'options' | 'engine'>> & {
  hours?: number;
  options?: Partial<Scenario['options']>;
  engine?: Partial<EngineSpec>;
};

export function scenarioOf({ hours = 2, options, engine, neighbours = [], ...rest }: Change): Scenario {
  return {
    ...CALM,
    ...rest,
    neighbours: [BACKGROUND, ...neighbours],
    engine: { ...CALM.engine, ...engine },
    options: { ...CALM.options, duration_s: hours * HOUR, ...options },
  };
}

export const others = (change: Partial<NeighbourSpec> = {}): NeighbourSpec => ({
  ...BACKGROUND,
  threads: 3,
  demand: 1,
  io_bytes_per_s: 0,
  io_ops_per_s: 0,
  ...change,
});
export const trouble = (kind: Trouble['kind'], at: number, until: number, curable = true): Trouble => ({
  kind,
  at,
  until,
  curable,
});
export const hog = (kind: Hog['kind'], at: number, until: number, factor: number): Hog => ({ kind, at, until, factor });
/** Frames whose work at NORMAL takes that much of a CPU, a tenth of it for receiving. */
export const using = (cpus: number, change: Partial<EngineSpec> = {}): Partial<EngineSpec> => ({
  rate: 200,
  receive_us: (cpus * 1e6 * 0.1) / 200,
  keep_us: (cpus * 1e6 * 0.9) / 200,
  ...change,
});

const climbs = (trace: Trace) => changesOf(trace).filter(({ from, to }) => to > from);
const nothingMoves = (trace: Trace) => {
  const [first] = changesOf(trace);
  if (first !== undefined) return `a rung change at ${first.at}`;
  return trace.ending?.verdict === 'PASS' ? null : `${trace.ending?.verdict}: ${trace.ending?.reason}`;
};
const moves = (least: number, most: number) => (trace: Trace) => {
  const count = changesOf(trace).length;
  return count >= least && count <= most
    ? null
    : `${count} rung changes: ${changesOf(trace)
        .map(({ at, to }) => `${to} at ${at}`)
        .join(', ')}`;
};
const ends = (verdict: string, exit_code?: number) => (trace: Trace) => {
  const { ending } = trace;
  const same = ending?.verdict === verdict && (exit_code === undefined || ending.exit_code === exit_code);
  return same ? null : `${ending?.verdict} ${ending?.exit_code}: ${ending?.reason}`;
};
const climbsWithin = (from: number, seconds: number) => (trace: Trace) => {
  const first = climbs(trace).find(({ at }) => at >= from * 1000);
  const late = first === undefined ? Number.POSITIVE_INFINITY : first.at - from * 1000;
  return late <= seconds * 1000 ? null : `the first climb ${inSeconds(late)} after ${from} s`;
};
/** Each climb after the first, that long after the one before was in force. */
const climbsAgainWithin = (seconds: number) => (trace: Trace) => {
  const late = climbs(trace).find(({ at }, i, all) => i > 0 && at - (all[i - 1]?.inForce ?? 0) > seconds * 1000);
  return late === undefined ? null : `a climb late at ${late.at}`;
};
const normalWithin = (from: number, seconds: number) => (trace: Trace) => {
  const late = trace.seconds.find(({ at, sampleEvery }) => at >= (from + seconds) * 1000 && sampleEvery > 1);
  return late === undefined || late.at > trace.scenario.options.duration_s * 1000
    ? null
    : `1 in ${late.sampleEvery} at ${late.at}`;
};
const aborts = (within: number) => (trace: Trace) => {
  const at = recordsOf(trace.entries).find(({ record }) => record.action === 'ABORT')?.at;
  return at !== undefined && at <= within * 1000 ? null : `ABORT at ${at}`;
};
export const counts =
  (action: string, least: number, most = least) =>
  (trace: Trace) => {
    const count = recordsOf(trace.entries).filter(({ record }) => record.action === action).length;
    return count >= least && count <= most ? null : `${count} records ${action}`;
  };
const exitsCounted = (least: number) => (trace: Trace) => {
  const summary = recordsOf(trace.entries).findLast(({ record }) => record.action === 'SUMMARY')?.record;
  const counted = summary === undefined ? 0 : Number(field(summary, 'engine_exits'));
  return counted >= least ? null : `${counted} exits counted`;
};
export const all =
  (...expectations: ((trace: Trace) => string | null)[]) =>
  (trace: Trace) =>
    expectations.map((expect) => expect(trace)).find((what) => what !== null) ?? null;

const square = (on_s: number, off_s: number, low = 0): NeighbourSpec['wave'] => ({
  kind: 'square',
  on_s,
  off_s,
  low,
  from_s: 0,
});

/** By the row of the table that they are. */
export const NAMED: Record<string, Named> = {
  '1: a hog from minute 40 to 80 beside others': {
    scenario: scenarioOf({
      neighbours: [others()],
      engine: using(0.03),
      hogs: [hog('frames', 40 * MINUTE, 80 * MINUTE, 30)],
    }),
    expects: all(climbsWithin(40 * MINUTE, 60), normalWithin(80 * MINUTE, 5 * MINUTE)),
  },
  '2: a baseline measured under load limits nothing': {
    scenario: scenarioOf({
      options: { was_running: false },
      engine: using(1.9, { threads: 2 }),
      neighbours: [others({ until_s: 30 }), others({ threads: 2, from_s: 600 })],
    }),
    expects: climbsWithin(600, 60),
  },
  '3: an engine just over its limit for a day': {
    scenario: scenarioOf({ hours: 24, neighbours: [others()], engine: using(0.52) }),
    expects: all(moves(1, 1), counts('ABORT', 0)),
  },
  '4: crashes are counted and judged': {
    scenario: scenarioOf({
      hours: 0.5,
      troubles: Array.from({ length: 20 }, (_, i) => trouble('crash', 300 + 60 * i, 310 + 60 * i)),
    }),
    expects: all(exitsCounted(15), ends('FAIL', 21)),
  },
  '5: over the limit with its share unknown': {
    scenario: scenarioOf({ neighbours: [others()], engine: using(0.6), troubles: [trouble('no-share', 0, 2 * HOUR)] }),
    expects: all(ends('INCONCLUSIVE', 22), moves(0, 0)),
  },
  '6: classic aborts a host at 55': {
    scenario: scenarioOf({ neighbours: [others()], options: { policy: 'classic' } }),
    expects: all(ends('FAIL', 20), aborts(120)),
  },
  '7: a burst of the market right after a rung': {
    scenario: scenarioOf({
      neighbours: [others({ threads: 4 })],
      engine: using(0.9, {
        threads: 2,
        wave: { kind: 'square', on_s: 20 * MINUTE, off_s: 20 * MINUTE, low: 0.5, from_s: 0 },
      }),
    }),
    expects: counts('ABORT', 0),
  },
  '8: exit code 13 every 40 s': {
    scenario: scenarioOf({
      hours: 1,
      troubles: Array.from({ length: 60 }, (_, i) => trouble('overload', 300 + 40 * i, 305 + 40 * i)),
    }),
    expects: all(ends('FAIL', 20), moves(3, 3)),
  },
  '9: a freeze whose restart outlasts an interval': {
    scenario: scenarioOf({ engine: { startup_cpu_s: 20 }, troubles: [trouble('freeze', 10 * MINUTE, 20 * MINUTE)] }),
    expects: all(counts('STALL', 1), ends('FAIL', 21)),
  },
  '10: a recovery that waits for the budget': {
    scenario: scenarioOf({
      options: { parameters: { ...CALM.options.parameters, max_restarts_per_hour: 0 } },
      neighbours: [others()],
      engine: using(0.03),
      hogs: [hog('frames', 10 * MINUTE, 20 * MINUTE, 30)],
    }),
    expects: counts('HOLD', 1, 30),
  },
  '11: the machine pauses for an hour': {
    scenario: scenarioOf({ troubles: [trouble('paused', 30 * MINUTE, 90 * MINUTE)] }),
    expects: ends('INCONCLUSIVE', 22),
  },
  '12: a rung climbed once, then others alone': {
    scenario: scenarioOf({
      neighbours: [others()],
      engine: using(0.03),
      hogs: [hog('frames', 10 * MINUTE, 12 * MINUTE, 30)],
    }),
    expects: normalWithin(12 * MINUTE, 10 * MINUTE),
  },
  '13: a quota that is touched excuses no hog': {
    scenario: scenarioOf({
      cpus: 4,
      engine: using(0.1, { threads: 4, quota: 3.6 }),
      neighbours: [others({ threads: 4 })],
      hogs: [hog('cpus', 10 * MINUTE, 2 * HOUR, 3.5)],
    }),
    expects: all(climbsWithin(10 * MINUTE, 60), ends('FAIL', 20)),
  },
  '14: looks that are 30 ms off': {
    scenario: scenarioOf({
      jitter_ms: 30,
      hours: 0.5,
      neighbours: [others()],
      engine: using(0.03),
      hogs: [hog('cpus', 5 * MINUTE, HOUR, 0.9)],
    }),
    expects: all(climbsWithin(5 * MINUTE, 25), climbsAgainWithin(33)),
  },
  '14: a soak of 3 min, its looks 30 ms off': {
    scenario: scenarioOf({ jitter_ms: 30, hours: 3 / 60 }),
    expects: (trace) => {
      const at = recordsOf(trace.entries).find(({ record }) => record.action === 'COMPLETE')?.at ?? 0;
      return at >= 180_000 && at <= 180_100 ? null : `complete at ${at}`;
    },
  },
  '14: a recovery by its measured effect, the looks 200 ms off': {
    scenario: scenarioOf({
      jitter_ms: 200,
      hours: 0.5,
      options: { parameters: { ...CALM.options.parameters, recover_hold_s: 300 } },
      neighbours: [others()],
      engine: using(0.28, { receive_us: 1260, keep_us: 140 }),
      hogs: [hog('frames', 5 * MINUTE, 10 * MINUTE, 20)],
    }),
    expects: all(climbsWithin(5 * MINUTE, 60), normalWithin(10 * MINUTE, 6 * MINUTE)),
  },
  '16: no cgroup, 3 % of a CPU beside busy neighbours': {
    scenario: scenarioOf({ cgroup: false, neighbours: [others({ threads: 6 })], engine: using(0.03) }),
    expects: nothingMoves,
  },
  '17: a neighbour writes and the engine waits': {
    scenario: scenarioOf({
      neighbours: [others({ threads: 1, demand: 0.1, io_bytes_per_s: 180e6, io_ops_per_s: 1000 })],
    }),
    expects: nothingMoves,
  },
  '17: the engine writes': {
    scenario: scenarioOf({ engine: { io_bytes_per_row: 800_000, io_ops_per_row: 7 } }),
    expects: all(climbsWithin(0, 90), counts('ABORT', 0)),
  },
  '18: a soak of one second': {
    scenario: scenarioOf({ hours: 1 / HOUR, options: { was_running: false } }),
    expects: ends('INCONCLUSIVE', 22),
  },
  '19: a neighbour under a quota, the host half idle': {
    scenario: scenarioOf({ engine: using(0.3), neighbours: [others({ threads: 2, quota: 0.5 })] }),
    expects: nothingMoves,
  },
  '20: neighbour and engine in turns of 5 s': {
    scenario: scenarioOf({
      engine: using(1.8, { threads: 2, wave: square(5, 5) }),
      neighbours: [others({ threads: 4, wave: { kind: 'square', on_s: 4, off_s: 6, low: 0, from_s: 6 } })],
    }),
    expects: nothingMoves,
  },
  '21: cured at THROTTLE3 only, gone after 40 min': {
    scenario: scenarioOf({
      neighbours: [others({ threads: 4 })],
      engine: using(0.03, { threads: 2, receive_us: 10 }),
      hogs: [hog('frames', 10 * MINUTE, 50 * MINUTE, 210)],
    }),
    expects: all(moves(4, 4), normalWithin(50 * MINUTE, 10 * MINUTE)),
  },
  '22: a supervisor that is late 4 s of every 9': {
    scenario: scenarioOf({
      delays: { every_ms: 9000, late_ms: 4000 },
      neighbours: [others()],
      engine: using(0.03),
      hogs: [hog('frames', 10 * MINUTE, 30 * MINUTE, 30)],
    }),
    expects: all(climbsWithin(10 * MINUTE, 90), normalWithin(30 * MINUTE, 10 * MINUTE)),
  },
  '23: a start-up of 25 CPU-seconds': {
    scenario: scenarioOf({
      engine: using(0.2, { startup_cpu_s: 25 }),
      neighbours: [others()],
      troubles: [trouble('crash', 20 * MINUTE, 21 * MINUTE)],
    }),
    expects: moves(0, 0),
  },
  '24: bursts of 3 min on and off': {
    scenario: scenarioOf({ hours: 6, neighbours: [others()], engine: using(0.8, { wave: square(180, 180, 0.05) }) }),
    expects: all(moves(1, 10), counts('ABORT', 0)),
  },
  'others alone, half of the limit': {
    scenario: scenarioOf({ neighbours: [others()], engine: using(0.25) }),
    expects: nothingMoves,
  },
  'bursts of 2 s in 10 beside others': {
    scenario: scenarioOf({ neighbours: [others({ threads: 2 })], engine: using(0.95, { wave: square(2, 8, 0.02) }) }),
    expects: nothingMoves,
  },
  'threads under a quota of their own, over the limit besides': {
    scenario: scenarioOf({
      cpus: 4,
      engine: using(3.9, { threads: 4, quota: 2 }),
      neighbours: [others({ threads: 2 })],
      hours: 1,
    }),
    expects: climbsWithin(0, 60),
  },
  'a quota of its own beside others who contend all the time': {
    scenario: scenarioOf({
      engine: using(0.9, { threads: 2, quota: 0.6 }),
      neighbours: [others({ threads: 4, demand: 0.6 })],
      hours: 1,
    }),
    expects: climbsWithin(0, 60),
  },
  'others contend only while its quota lets it run': {
    scenario: scenarioOf({
      engine: { rate: 2, threads: 2, quota: 0.49, receive_us: 170_000, keep_us: 65_000 },
      neighbours: [others({ threads: 2 })],
      hours: 1,
    }),
    expects: moves(0, 0),
  },
  'a busy engine, many threads under a quota, the host half idle': {
    scenario: scenarioOf({
      cpus: 4,
      engine: using(0.45),
      neighbours: [others({ threads: 8, demand: 1, quota: 1 })],
      hours: 1,
    }),
    expects: nothingMoves,
  },
  'a hog that no rung cures': {
    scenario: scenarioOf({
      neighbours: [others({ threads: 2 })],
      engine: { threads: 2 },
      hogs: [hog('cpus', 10 * MINUTE, 2 * HOUR, 1.9)],
    }),
    expects: all(ends('FAIL', 20), aborts(15 * MINUTE)),
  },
  'a freeze that no restart cures': {
    scenario: scenarioOf({ hours: 1, troubles: [trouble('freeze', 10 * MINUTE, HOUR, false)] }),
    expects: all(counts('STALL', 1), ends('FAIL', 20)),
  },
  'an hour of nothing': { scenario: scenarioOf({ hours: 1 }), expects: nothingMoves },
};
