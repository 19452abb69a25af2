import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import { round } from '@hybrid-soak/contract/round.ts';
import type { Draft } from '../records.ts';
import type { State } from '../state.ts';
import type { Note } from './move.ts';
import type { LadderStep } from './rungs.ts';
import { perFrame, rates } from './use.ts';

/** How long before a climb and after it CPU time a frame is measured, ms. */
const MEASURED_MS = 30_000;

/**
 * Remembers CPU time a frame before a climb, since the part has been over its limit: the time before that does not measure
 * the load. `logonly` changes nothing, so there is nothing to measure.
 */
export function beginMeasuring({ ladder, pressure, options }: State, step: LadderStep): void {
  const since = Math.min(...RESOURCES.map((r) => pressure.overSince[r] ?? Number.POSITIVE_INFINITY));
  const before = perFrame(rates(ladder.use, MEASURED_MS, Number.isFinite(since) ? since : undefined));
  const nothing = before === null || options.psi_actions === 'logonly';
  ladder.measuring = nothing ? null : { rung: step.rung, before, keptBefore: 1 / ladder.sampleEvery };
}

/** Once, 30 s after a climb is in force: what it saved of CPU time a received frame. */
export function measureEffect({ state }: Draft): Note | null {
  const { ladder, clock } = state;
  const { measuring, inForceSince } = ladder;
  if (measuring === null || typeof inForceSince !== 'number' || clock.now - inForceSince < MEASURED_MS) return null;
  ladder.measuring = null;
  const after = perFrame(rates(ladder.use, MEASURED_MS, inForceSince));
  if (after === null) return null;
  const saved = round(Math.max(0, measuring.before - after));
  ladder.effects = { ...ladder.effects, [measuring.rung]: saved };
  const kept = 1 / ladder.sampleEvery;
  ladder.receiveUsec = Math.max(0, after - (kept * saved) / (measuring.keptBefore - kept));
  const reason =
    saved < measuring.before / 100
      ? `${measuring.rung} changed nothing`
      : `${measuring.rung} saves ${saved} of ${round(measuring.before)} us CPU time a frame`;
  return { action: 'HOLD', hold: 'measured', reason, effect_usec_per_frame: { [measuring.rung]: saved } };
}
