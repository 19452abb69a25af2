import { rmSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { type RunState, readRunState } from '@hybrid-soak/contract/run-state.ts';
import { replaceFile } from '../adapters/replace-file.ts';
import { readRegular, UnsafeFile } from '../adapters/safe-open.ts';
import { Stop } from '../stop.ts';

/** Only its owner reads it: it holds the config's text. */
const MODE = 0o600;
/** The state holds the config's text three times, and JSON escapes may double it. */
const STATE_BYTES = 48 * 1024 * 1024;

export function saveRunState(path: string, state: RunState): void {
  replaceFile(path, `${JSON.stringify(state)}\n`, { mode: MODE });
}

/** The state that an earlier run left; null if it left none. Throws Stop if the file is not such a state. */
export function loadRunState(path: string): RunState | null {
  let problem = 'is not what a soak left';
  try {
    return readRunState(JSON.parse(readRegular(path, { maxBytes: STATE_BYTES }).toString('utf8')));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    if (error instanceof UnsafeFile) throw error;
    if (errorCode(error) !== undefined) problem = `cannot be read (${errorCode(error)})`;
  }
  const valid = 'valid: check sample_every in the config and the unit, then remove this file';
  throw new Stop(SOAK_EXIT.CONFIG, `${path}: ${problem}; ${valid}`);
}

export const removeRunState = (path: string): void => rmSync(path, { force: true });
