import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { Stop } from '../stop.ts';
import { notebook } from './notes.ts';
import { access, configuration } from './preflight.ts';
import { rightToAct } from './right.ts';
import type { Subject } from './subject.ts';
import { readUnit } from './unit.ts';

/**
 * Refuses, with the sentences of `soak doctor`, a unit that a soak could not act on or would judge wrongly. Not asked: what
 * a soak itself remedies (a failed unit, a state that waits to be restored), what its lock decides, and what only a report
 * needs. Throws Stop.
 */
export async function refuseUnfit(subject: Subject): Promise<void> {
  const { notes, kept } = notebook();
  await readUnit(subject, notes, 'to-run');
  await configuration(subject, notes);
  access(subject, notes);
  await rightToAct(subject, notes);
  const failed = kept.checks.filter(({ verdict }) => verdict === 'FAIL');
  if (failed.length === 0) return;
  const lines = failed.map(({ what, measured, hint }) => `${what}: ${measured}; valid: ${hint ?? 'soak doctor'}`);
  throw new Stop(SOAK_EXIT.CONFIG, lines.join('\n'));
}
