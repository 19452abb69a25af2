import type { State } from '../state.ts';
import { missed, percent, ticks } from './thresholds.ts';
import type { Ending } from './totals.ts';

const INCONCLUSIVE_SHARE = 0.1;
/** A rung that was not in force for this long, ms, was not in force. */
const RUNG_OFF_MS = 60_000;

/** The verdict: the first rule that fits. An ending that is not PASS stands. */
export function judge(state: State, ending: Ending): Ending {
  if (ending.verdict !== 'PASS') return ending;
  const { totals } = state;
  const failed = failure(state);
  if (failed !== null) return { verdict: 'FAIL', reason: failed, exit_code: 20 };
  if (ticks(state) <= 0) return { verdict: 'INCONCLUSIVE', reason: 'no row was seen', exit_code: 22 };
  const wrong = missed(state);
  if (wrong.length > 0) {
    const reason = wrong.map(({ name, limit, seen }) => `${name} = ${limit}, seen ${seen}`).join('; ');
    return { verdict: 'FAIL', reason: `threshold missed: ${reason}`, exit_code: 21 };
  }
  const { unobserved, stopped, disconnected, over_unknown } = totals.classes;
  const lost = unobserved + stopped + disconnected + over_unknown;
  if (totals.observed > 0 && lost / totals.observed <= INCONCLUSIVE_SHARE) return ending;
  const parts = Object.entries({
    'not observed': unobserved,
    'stopped by somebody': stopped,
    disconnected,
    "over a limit with the engine's share unknown": over_unknown,
  }).flatMap(([name, ms]) => (ms > 0 ? [`${name} ${percent(ms / totals.observed)} %`] : []));
  return { verdict: 'INCONCLUSIVE', reason: `of the time ${parts.join(', ')}`, exit_code: 22 };
}

function failure({ totals, ladder }: State): string | null {
  if (totals.unaccounted !== 0) return `${totals.unaccounted} frames are in no counter of the engine`;
  if (totals.rungOffMs >= RUNG_OFF_MS || totals.rungOffSince !== null)
    return `the engine did not sample 1 in ${ladder.sampleEvery} as ${ladder.rung} says`;
  return null;
}
