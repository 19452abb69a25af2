import type { Trace } from './drive.ts';
import { all, counts, hog, type Named, others, scenarioOf, trouble, using } from './named.ts';
import { field, inSeconds, recordsOf } from './rules/rule.ts';

const MINUTE = 60;
/** A stall is found when the threshold has passed, at the next look. */
const FOUND_MS = 50_000;

const restarts =
  (wanted: (cause: unknown) => boolean) =>
  ({ entries }: Trace) =>
    recordsOf(entries).filter(({ record }) => record.action === 'ENGINE_RESTART' && wanted(field(record, 'cause')));

/** The supervisor has left the engine alone, has said once that it is disconnected, and holds nothing against it. */
const isNoStall = all(counts('STALL', 0), counts('ABORT', 0), (trace) => {
  const [first] = restarts((cause) => cause === 'stall')(trace);
  if (first !== undefined) return `a restart for a stall at ${first.at}`;
  const quiet = recordsOf(trace.entries).filter(({ record }) => field(record, 'quiet') === 'disconnected');
  if (quiet.length !== 1) return `${quiet.length} records QUIET disconnected`;
  const { verdict, reason } = trace.ending ?? {};
  return verdict === 'PASS' || (verdict === 'INCONCLUSIVE' && /disconnected/.test(reason ?? ''))
    ? null
    : `${verdict}: ${reason}`;
});

const disconnectedS = (least: number, most: number) => (trace: Trace) => {
  const summary = recordsOf(trace.entries).findLast(({ record }) => record.action === 'SUMMARY')?.record;
  const classes = summary === undefined ? {} : (field(summary, 'classes_s') as Record<string, number>);
  const seconds = classes['disconnected'] ?? 0;
  return seconds >= least && seconds <= most ? null : `${seconds} s disconnected`;
};

const stalledWithin = (at: number) => (trace: Trace) => {
  const found = recordsOf(trace.entries).find(({ record }) => record.action === 'STALL')?.at;
  const late = (found ?? Number.POSITIVE_INFINITY) - at * 1000;
  return late > 0 && late <= FOUND_MS ? null : `the STALL came ${inSeconds(late)} after ${at} s`;
};

/** The exchange is away from the one to the other second, and a load climbs the ladder before and after it. */
const throttled = (away: [number, number], ...more: ReturnType<typeof trouble>[]) =>
  scenarioOf({
    neighbours: [others({ threads: 4 })],
    engine: using(0.03, { threads: 2, receive_us: 10 }),
    hogs: [hog('frames', 5 * MINUTE, 60 * MINUTE, 210)],
    troubles: [trouble('away', ...away), ...more],
  });
const onRung = (at: number) => (trace: Trace) => {
  const second = trace.seconds.find((second) => second.at >= at * 1000);
  return (second?.sampleEvery ?? 1) > 1 ? null : `1 in ${second?.sampleEvery} at ${at} s`;
};

/**
 * An exchange that is away in every part of a soak, however it is away: DNS, interface, TLS, silence and 503 are one state
 * of the engine (test/engine/outage*.test.ts). And an engine that is stuck meanwhile, whose heartbeat stops.
 */
export const OUTAGES: Record<string, Named> = {
  'away from before the calibration to after the start-up': {
    scenario: scenarioOf({ options: { was_running: false }, troubles: [trouble('away', 0, 150)] }),
    expects: all(isNoStall, disconnectedS(70, 150)),
  },
  'away in the start-up after a crash': {
    scenario: scenarioOf({
      troubles: [trouble('away', 10 * MINUTE - 5, 13 * MINUTE), trouble('stopped', 10 * MINUTE, 10 * MINUTE + 20)],
    }),
    expects: all(isNoStall, disconnectedS(60, 180)),
  },
  'away while throttled': {
    scenario: throttled([20 * MINUTE, 23 * MINUTE]),
    expects: all(onRung(20 * MINUTE - 1), isNoStall, disconnectedS(170, 185)),
  },
  'away past the deadline of the engine, which ends with 10 and is started again by its manager': {
    scenario: scenarioOf({ troubles: [trouble('away', 10 * MINUTE, 20 * MINUTE)] }),
    expects: all(counts('STALL', 0), counts('ABORT', 0), counts('ENGINE_EXIT', 1, 2), (trace) =>
      restarts(() => true)(trace).length === 0 && trace.ending?.verdict === 'PASS'
        ? null
        : `${trace.ending?.verdict}: ${trace.ending?.reason}`,
    ),
  },
  'frozen while the exchange is away': {
    scenario: scenarioOf({
      troubles: [trouble('away', 10 * MINUTE, 14 * MINUTE), trouble('freeze', 11 * MINUTE, 14 * MINUTE)],
    }),
    expects: stalledWithin(11 * MINUTE),
  },
  'its loop busy for ever while the exchange is away': {
    scenario: scenarioOf({
      troubles: [trouble('away', 10 * MINUTE, 14 * MINUTE), trouble('spin', 11 * MINUTE, 14 * MINUTE)],
    }),
    expects: stalledWithin(11 * MINUTE),
  },
  'frozen in an outage since its start-up': {
    scenario: scenarioOf({
      options: { was_running: false },
      troubles: [trouble('away', 0, 4 * MINUTE), trouble('freeze', 2 * MINUTE, 4 * MINUTE)],
    }),
    expects: stalledWithin(2 * MINUTE),
  },
  'frozen in an outage while throttled': {
    scenario: throttled([20 * MINUTE, 24 * MINUTE], trouble('freeze', 21 * MINUTE, 24 * MINUTE)),
    expects: all(onRung(20 * MINUTE - 1), stalledWithin(21 * MINUTE)),
  },
};
