import { INGEST_MODES, type IngestMode, POLICIES, type PolicyName, PSI_ACTIONS, type PsiActions } from './modes.ts';
import { flag, listOf, maybe, number, object, oneOf, orElse, orNull, text } from './read-json.ts';

/** A process, told from a later one of the same id by its start time (proc_pid_stat(5), field 22). */
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

/**
 * `soak_state.json`: what a run leaves until it has restored everything. With it the next `soak run`, `soak restore`, or
 * the unit's ExecStopPost restores after a kill -9 or a power loss.
 */
export interface RunState {
  v: 1;
  run_id: string;
  /** The supervisor, and the boot that unit and processes belong to. Null: written by an older release. */
  owner: { pid: number; start: string; boot: string } | null;
  ingest_mode: IngestMode;
  psi_actions: PsiActions;
  policy: PolicyName;
  /** systemd's Id of the unit. */
  unit: string;
  manager: 'system' | 'user' | 'embedded';
  config: string;
  /** The engine's database; an embedded engine that was orphaned is found by its lock. */
  db: string | null;
  original_text: string;
  original_sample_every: number | null;
  /** The text as the run last wrote it; null while it has written none. */
  written_text: string | null;
  /** The text over which `written_text` was written in place, which a kill may leave half done; null: by a rename. */
  overwritten_text: string | null;
  was_running: boolean;
  /** The run's last act on the unit left it running: a unit that is inactive now has been stopped by somebody. */
  started: boolean;
  leave: 'as-found' | 'running' | 'stopped';
  /** An embedded engine. */
  embedded: Known | null;
  decisions: string | null;
  metrics_textfile: string | null;
  /** Files that a proof replaced. */
  replaced?: Replaced[] | undefined;
  /** Processes that a proof started; each leads a group of its own. */
  helpers?: Known[] | undefined;
  /** State files of soaks that a proof started: what they left is restored first. */
  nested?: string[] | undefined;
  /** Files of a proof alone, removed when the unit has let go of them. */
  scratch?: string[] | undefined;
  /** The unit may have the drop-in of a proof. */
  drop_in?: boolean | undefined;
}

const known = object<Known>({ pid: number, start_time: text });

/** Throws if the value is not what a soak left, of this release or an older one. */
export const readRunState = object<RunState>({
  v: oneOf([1]),
  run_id: text,
  owner: orElse(orNull(object({ pid: number, start: text, boot: text })), null),
  ingest_mode: oneOf(INGEST_MODES),
  psi_actions: oneOf(PSI_ACTIONS),
  policy: oneOf(POLICIES),
  unit: text,
  manager: oneOf(['system', 'user', 'embedded']),
  config: text,
  db: orElse(orNull(text), null),
  original_text: text,
  original_sample_every: orNull(number),
  written_text: orNull(text),
  overwritten_text: orElse(orNull(text), null),
  was_running: flag,
  started: orElse(flag, false),
  leave: oneOf(['as-found', 'running', 'stopped']),
  embedded: orNull(known),
  decisions: orElse(orNull(text), null),
  metrics_textfile: orElse(orNull(text), null),
  replaced: maybe(listOf(object<Replaced>({ path: text, original_text: orNull(text), written: listOf(text) }))),
  helpers: maybe(listOf(known)),
  nested: maybe(listOf(text)),
  scratch: maybe(listOf(text)),
  drop_in: maybe(flag),
});
