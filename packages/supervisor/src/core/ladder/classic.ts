import type { Draft } from '../records.ts';
import { explain, type Move } from './move.ts';
import { rungAbove } from './rungs.ts';

/** More observations than this over a limit in a row at the last rung end the soak. */
const TOP_LIMIT = 5;

/** What the earlier tool did: one rung up at each observation over a fixed limit on avg10, never down. */
export function classic(draft: Draft): Move {
  const { ladder } = draft.state;
  const { over } = draft.look;
  if (!draft.observation.due) return { to: 'stay', reason: 'ok: between two observations', note: null };
  if (over.length === 0) {
    ladder.overInARow = 0;
    return { to: 'stay', reason: 'ok', note: null };
  }
  const extra = explain(draft);
  const what = `${over.join(', ')} over the limit`;
  if (rungAbove(ladder.steps, ladder.wouldBe) !== null) return { to: 'up', reason: what, extra };
  ladder.overInARow++;
  if (ladder.overInARow > TOP_LIMIT) {
    const reason = `${what} for ${ladder.overInARow} observations at ${ladder.wouldBe}`;
    return { to: 'end', reason, extra, note: null };
  }
  return {
    to: 'stay',
    reason: `hold: at ${ladder.wouldBe}, ${ladder.overInARow} in a row over the limit`,
    note: ladder.overInARow === 1 ? { reason: 'over the limit at the last rung', ...extra } : null,
  };
}
