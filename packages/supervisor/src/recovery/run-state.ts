import { rmSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { IngestMode, PolicyName, PsiActions } from '@hybrid-soak/contract/modes.ts';
import { replaceFile } from '../adapters/replace-file.ts';
import { readRegular, UnsafeFile } from '../adapters/safe-open.ts';
import { Stop } from '../stop.ts';

/** The state holds the config's text twice, and JSON escapes may double it. */
const STATE_BYTES = 32 * 1024 * 1024;

/**
 * What a soak leaves behind until it has put everything back: with it the next `soak run`, `soak restore`, or the unit's
 * ExecStopPost restores after a kill -9 or a power loss.
 */
export interface RunState {
  v: 1;
  run_id: string;
  ingest_mode: IngestMode;
  psi_actions: PsiActions;
  policy: PolicyName;
  unit: string;
  manager: 'system' | 'user' | 'embedded';
  config: string;
  original_text: string;
  original_sample_every: number | null;
  /** The text as the soak last wrote it; null while it has written none. */
  written_text: string | null;
  was_running: boolean;
  leave: 'as-found' | 'running' | 'stopped';
  /** An embedded engine. */
  embedded: Known | null;
  /** Files that a proof replaced. */
  replaced?: Replaced[];
  /** Processes that a proof started; each leads a group of its own. */
  helpers?: Known[];
  /** State files of soaks that a proof started: what they left is put back first. */
  nested?: string[];
  /** Files of a proof alone, removed when the unit has let go of them. */
  scratch?: string[];
}

/** A process, told from a later one of the same id by its start time (proc(5), field 22). */
export interface Known {
  pid: number;
  start_time: string;
}

/** A file as it was (null: there was none), and every text that was written over it. */
export interface Replaced {
  path: string;
  original_text: string | null;
  written: string[];
}

export function saveRunState(path: string, state: RunState): void {
  replaceFile(path, `${JSON.stringify(state)}\n`);
}

/** The state that an earlier run left; null where it left none. Throws Stop where the file is not such a state. */
export function loadRunState(path: string): RunState | null {
  try {
    const state = JSON.parse(readRegular(path, { maxBytes: STATE_BYTES }).toString('utf8')) as Partial<RunState> | null;
    const whole = [state?.run_id, state?.unit, state?.config, state?.original_text];
    if (state?.v === 1 && whole.every((value) => typeof value === 'string')) return state as RunState;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return null;
    if (error instanceof UnsafeFile) throw error;
  }
  throw new Stop(SOAK_EXIT.CONFIG, `${path}: is not what a soak left; valid: check sample_every, then remove it`);
}

export const removeRunState = (path: string): void => rmSync(path, { force: true });
