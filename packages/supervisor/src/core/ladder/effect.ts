import type { Rung } from '@hybrid-soak/contract/ladder.ts';
import type { Draft } from '../records.ts';
import type { State } from '../state.ts';
import type { Note } from './move.ts';
import { perFrame, rates } from './use.ts';

/** How long before a climb and after it CPU time a frame is measured, ms. */
const MEASURED_MS = 30_000;

/** Remembers CPU time a frame before a climb. `logonly` changes nothing, so there is nothing to measure. */
export function beginMeasuring({ ladder, options }: State, rung: Rung): void {
  const before = perFrame(rates(ladder.use, MEASURED_MS));
  ladder.measuring = before === null || options.psi_actions === 'logonly' ? null : { rung, before };
}

/** Once, 30 s after a climb is in force: what it saved of CPU time a received frame. */
export function measureEffect({ state }: Draft): Note | null {
  const { ladder, clock } = state;
  const { measuring, inForceSince } = ladder;
  if (measuring === null || typeof inForceSince !== 'number' || clock.now - inForceSince < MEASURED_MS) return null;
  ladder.measuring = null;
  const after = perFrame(rates(ladder.use, MEASURED_MS, inForceSince));
  if (after === null) return null;
  const saved = Math.round(Math.max(0, measuring.before - after) * 10) / 10;
  ladder.effects = { ...ladder.effects, [measuring.rung]: saved };
  const reason =
    saved < measuring.before / 100
      ? `${measuring.rung} changed nothing`
      : `${measuring.rung} saves ${saved} of ${Math.round(measuring.before * 10) / 10} us CPU time a frame`;
  return { action: 'HOLD', hold: 'measured', reason, effect_usec_per_frame: { [measuring.rung]: saved } };
}
