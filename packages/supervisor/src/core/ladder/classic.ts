import type { Draft } from '../records.ts';
import { explain, type Move } from './move.ts';
import { rungAbove } from './rungs.ts';

/** More observations than this over a limit in a row end the soak at the last rung. */
const IN_A_ROW = 5;

/**
 * What the earlier tool did: observations over a fixed limit on avg10 are counted from the first, and a calm one resets the
 * count. Each climbs a rung if there is one; else it writes THROTTLE_MAX, and ABORT once the count is above five. Never down.
 */
export function classic(draft: Draft): Move {
  const { ladder } = draft.state;
  const { over } = draft.look;
  if (!draft.observation.due) return { to: 'stay', reason: 'ok: between two observations', note: null };
  if (over.length === 0) {
    ladder.overInARow = 0;
    return { to: 'stay', reason: 'ok', note: null };
  }
  const extra = explain(draft);
  ladder.overInARow++;
  const reason = `${over.join(', ')} over the limit, observation ${ladder.overInARow} without a calm one`;
  if (rungAbove(ladder.steps, ladder.wouldBe) !== null) return { to: 'up', reason, extra };
  const note = { reason: 'over the limit at the last rung', ...extra };
  return ladder.overInARow > IN_A_ROW
    ? { to: 'end', reason, extra, note }
    : { to: 'stay', reason: `hold: at ${ladder.wouldBe}, ${reason}`, note };
}
