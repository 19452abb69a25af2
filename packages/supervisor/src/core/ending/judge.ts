import type { Drift } from '@hybrid-soak/contract/drift.ts';
import { driftOf } from '../drift/judge.ts';
import type { State } from '../state.ts';
import { missed, percent, ticks } from './thresholds.ts';
import type { Ending } from './totals.ts';

/** Of a soak that nothing ended early. */
export const RAN_ITS_TIME = 'the soak ran its time';
const INCONCLUSIVE_SHARE = 0.1;
/** A rung that was not in force for this long, ms, was not in force. */
const RUNG_OFF_MS = 60_000;

/**
 * The verdict: the first rule that fits. An ending that is not PASS stands. Every reason of an INCONCLUSIVE says what to do
 * about it.
 */
export function judgeSoak(state: State, ending: Ending): Ending {
  if (ending.verdict === 'INCONCLUSIVE') return { ...ending, reason: `${ending.reason}; do: soak again, to its end` };
  if (ending.verdict !== 'PASS') return ending;
  const { totals } = state;
  const failed = failure(state);
  if (failed !== null) return { verdict: 'FAIL', reason: failed, exit_code: 20 };
  if (ticks(state) <= 0) return { verdict: 'INCONCLUSIVE', reason: noRowReason(state), exit_code: 22 };
  const wrong = missed(state);
  if (wrong.length > 0) {
    const reason = wrong.map(({ name, limit, seen }) => `${name} = ${limit}, seen ${seen}`).join('; ');
    return { verdict: 'FAIL', reason: `threshold missed: ${reason}`, exit_code: 21 };
  }
  const drifting = driftOf(state).filter(({ drift }) => drift);
  if (drifting.length > 0) {
    const reason = drifting.map(driftReason).join('; ');
    return { verdict: 'FAIL', reason: `drift: ${reason}`, exit_code: 21 };
  }
  const { unobserved, stopped, disconnected, over_unknown } = totals.classes;
  const lost = unobserved + stopped + disconnected + over_unknown;
  if (totals.observed > 0 && lost / totals.observed <= INCONCLUSIVE_SHARE)
    return { ...ending, reason: passReason(ending.reason, 1 - lost / totals.observed) };
  const parts = Object.entries({
    'not observed': { ms: unobserved, what: 'soak doctor; if it finds nothing, more CPU time for the supervisor' },
    'stopped by somebody': { ms: stopped, what: 'leave the unit alone while a soak runs' },
    disconnected: { ms: disconnected, what: 'look at the network and at ws_sources.toml, then soak again' },
    "over a limit with the engine's share unknown": {
      ms: over_unknown,
      what: 'turn on the cpu, memory and io accounting of the unit',
    },
  }).flatMap(([name, { ms, what }]) => (ms > 0 ? [{ said: `${name} ${percent(ms / totals.observed)} %`, what }] : []));
  const reason = `of the time ${parts.map(({ said }) => said).join(', ')}; do: ${parts.map(({ what }) => what).join('; ')}`;
  return { verdict: 'INCONCLUSIVE', reason, exit_code: 22 };
}

/** The verdict on a recording that ends before the soak does. */
export function judgeUnfinished(state: State): Ending {
  if (state.ending !== null) return judgeSoak(state, state.ending);
  const failed = failure(state);
  if (failed !== null) return { verdict: 'FAIL', reason: failed, exit_code: 20 };
  const reason = 'unfinished: the recording ends before the soak does; do: soak again, to its end';
  return { verdict: 'INCONCLUSIVE', reason, exit_code: 22 };
}

/** Nothing is wrong with the installation if no source could be reached. */
function noRowReason({ totals }: State): string {
  if (totals.classes.disconnected === 0) return 'no row was seen; do: soak doctor';
  // In a long outage the engine's own exit 10 begins a start-up every other minute.
  const share = percent(totals.classes.disconnected / (totals.observed - totals.classes.starting));
  return `no row was seen, every source was down ${share} % of the time outside start-ups; do: look at the network and at ws_sources.toml`;
}

/** How the soak ended is the reason of its COMPLETE; here stands why that is a PASS. */
function passReason(ended: string, judged: number): string {
  const why = `every threshold was kept, ${percent(judged)} % of the time could be judged`;
  return ended === RAN_ITS_TIME ? why : `${ended}; ${why}`;
}

const driftReason = ({ signal, text, limit_in_h }: Drift): string =>
  limit_in_h === null ? `${signal} ${text}` : `${signal} ${text}, its limit is met in ${spanOf(limit_in_h)}`;

const spanOf = (hours: number) => (hours < 48 ? `${hours.toFixed(1)} h` : `${Math.round(hours / 24)} days`);

function failure({ totals, ladder }: State): string | null {
  const unaccounted = totals.unaccountedBefore + Math.abs(totals.unaccounted);
  if (unaccounted !== 0) return `${unaccounted} frames are in no counter of the engine`;
  if (totals.rungOffMs >= RUNG_OFF_MS || totals.rungOffSince !== null)
    return `the engine did not sample 1 in ${ladder.sampleEvery} as ${ladder.rung} says`;
  if (totals.rungFailed !== null) return `the last rung change, to ${totals.rungFailed}, failed`;
  return null;
}
