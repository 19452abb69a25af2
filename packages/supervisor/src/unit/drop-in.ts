import { dirname } from 'node:path';
import { monotonicMs } from '../adapters/clock.ts';
import { DROP_IN, type Leaking, leakEnvironment, placeDropIn, removeDropIn } from '../adapters/proof-drop-in.ts';
import { askForDropIn } from '../adapters/root-parent.ts';
import { type Scope, systemctl } from './systemctl.ts';
import { placedAt } from './user-unit.ts';

const WITHIN_MS = 20_000;
const PRELOADED = 'NODE_OPTIONS=--import=data:';
/** Runtime units of the system manager (systemd.unit(5)). */
const SYSTEM_FOLDER = '/run/systemd/system';

/** A user's unit is placed for one soak alone: a proof's inner soak has its own. */
export const proofUnit = (scope: Scope | 'embedded', unit: string): string =>
  scope === 'user' ? unit.replace(/(\.service)?$/, '-proof.service') : unit;

/**
 * Gives the unit the drop-in of the proof of drift, or takes it away (null). Nothing is restarted. The error, or null; a
 * system unit takes root, or a parent that still is root.
 */
export async function changeDropIn(scope: Scope, unit: string, leaking: Leaking | null): Promise<string | null> {
  const name = proofUnit(scope, unit);
  if (scope === 'system' && askForDropIn(leaking)) return await settled(name, leaking);
  if (scope === 'system' && process.getuid?.() !== 0) return 'a drop-in of a system unit is written by root alone';
  return writeDropIn(scope, name, leaking);
}

/** The same in this process. */
export async function writeDropIn(scope: Scope, unit: string, leaking: Leaking | null): Promise<string | null> {
  const folder = scope === 'user' ? dirname(placedAt(unit)) : SYSTEM_FOLDER;
  if (leaking === null) removeDropIn(folder, unit);
  else placeDropIn(folder, unit, leaking);
  const reloaded = await systemctl(scope, ['daemon-reload'], WITHIN_MS);
  return reloaded.ok ? null : reloaded.error;
}

/** Until the manager has read what the parent wrote. */
async function settled(unit: string, leaking: Leaking | null): Promise<string | null> {
  const wanted = Object.entries(leaking === null ? {} : leakEnvironment(leaking)).map(
    ([key, value]) => `${key}=${value}`,
  );
  const preloads = wanted.some((text) => text.startsWith('NODE_OPTIONS='));
  const deadline = monotonicMs() + WITHIN_MS;
  for (;;) {
    const { stdout } = await systemctl('system', ['show', unit, '-p', 'Environment', '-p', 'DropInPaths']);
    const isRight = wanted.every((text) => stdout.includes(text)) && stdout.includes(PRELOADED) === preloads;
    if (leaking === null ? stdout !== '' && !stdout.includes(DROP_IN) : isRight) return null;
    if (monotonicMs() > deadline) return `the drop-in of ${unit}: not within ${WITHIN_MS / 1000} s`;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
