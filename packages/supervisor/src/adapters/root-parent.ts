import { rmSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import type { Leaking } from './proof-drop-in.ts';

/** What a parent that still is root does for a child that is the supervisor's account; anything else it ignores. */
export type RootRequest = { signal: NodeJS.Signals; pid: number } | { remove: string } | { leaking: Leaking | null };

const askParent = (request: RootRequest): boolean => process.send?.(request) !== undefined;

/** Gives the unit the drop-in of a proof, or takes it away; false without a parent that is root. It is done some time later. */
export const askForDropIn = (leaking: Leaking | null): boolean => askParent({ leaking });

/** Sends a signal to a process of the engine's unit, whose account is another one. */
export function signalEngine(pid: number, signal: NodeJS.Signals): void {
  if (!askParent({ pid, signal })) process.kill(pid, signal);
}

/**
 * Removes a file of a proof's own database. The engine made it, in a sticky folder: without a parent that is root it may have
 * to stay.
 */
export function removeScratchFile(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch (error) {
    if (!['EACCES', 'EPERM'].includes(errorCode(error) ?? '')) throw error;
    askParent({ remove: path });
  }
}
