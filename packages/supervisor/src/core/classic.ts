import { type Draft, decide } from './draft.ts';
import { rungAbove } from './rungs.ts';
import { explain, type Move, type Sight } from './sight.ts';

/** More observations than this over a limit in a row at the last rung end the soak. */
const TOP_LIMIT = 5;

/** What the earlier tool did: one rung up at each observation over a fixed limit on avg10, never down. */
export function classic(draft: Draft, sight: Sight): Move {
  const { state } = draft;
  if (!draft.observation.due) return { to: 'stay', reason: 'ok: between two observations' };
  if (sight.over.length === 0) {
    state.overInARow = 0;
    return { to: 'stay', reason: 'ok' };
  }
  const extra = explain(draft, sight);
  const what = `${sight.over.join(', ')} over the limit`;
  if (rungAbove(state.ladder, state.wouldBe) !== null) return { to: 'up', reason: what, extra };
  state.overInARow++;
  if (state.overInARow > TOP_LIMIT)
    return { to: 'end', reason: `${what} for ${state.overInARow} observations at ${state.wouldBe}`, extra };
  if (state.overInARow === 1) decide(draft, 'THROTTLE_MAX', 'over the limit at the last rung', extra);
  return { to: 'stay', reason: `hold: at ${state.wouldBe}, ${state.overInARow} in a row over the limit` };
}
