import type { Draft } from '../records.ts';
import { describe, type Judgement, judgedNumbers, type Note } from './move.ts';
import { rungAbove } from './rungs.ts';

/** More observations than this over a limit in a row end the soak at the last rung. */
const IN_A_ROW = 5;

/**
 * What the earlier tool did: observations over a fixed limit on avg10 are counted from the first, and a calm one resets the
 * count. Each climbs a rung if there is one; else it writes THROTTLE_MAX, and ABORT once the count is above five. Never down.
 */
export function classic(draft: Draft): Judgement {
  const { ladder } = draft.state;
  const { over } = draft.look;
  if (!draft.observation.due) return { move: { move: 'stay', reason: 'ok: between two observations' }, notes: [] };
  if (over.length === 0) {
    ladder.overInARow = 0;
    return { move: { move: 'stay', reason: 'ok' }, notes: [] };
  }
  ladder.overInARow++;
  const numbers = judgedNumbers(draft);
  const what = describe(draft, over);
  const step = rungAbove(ladder.steps, ladder.wouldBe);
  if (step !== null) return { move: { move: 'to', step, cause: 'pressure', reason: what, numbers }, notes: [] };
  const notes: Note[] = [{ action: 'THROTTLE_MAX', reason: 'over the limit at the last rung', ...numbers }];
  const reason = `${what}: ${ladder.overInARow} observations in a row`;
  if (ladder.overInARow > IN_A_ROW) return { move: { move: 'end', cause: 'pressure', reason, numbers }, notes };
  return { move: { move: 'stay', reason: `hold: at ${ladder.wouldBe}, ${reason}` }, notes };
}
