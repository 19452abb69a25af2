import { z } from 'zod';
import { INGEST_MODES, POLICIES, PSI_ACTIONS } from './modes.ts';

const knownSchema = z.object({ pid: z.number(), start_time: z.string() });

const replacedSchema = z.object({
  path: z.string(),
  original_text: z.string().nullable(),
  written: z.array(z.string()),
});

/**
 * `soak_state.json`: what a run leaves until it has restored everything. With it the next `soak run`, `soak restore`, or
 * the unit's ExecStopPost restores after a kill -9 or a power loss.
 */
export const runStateSchema = z.object({
  v: z.literal(1),
  run_id: z.string(),
  /** The supervisor, and the boot that unit and processes belong to. Null: written by an older release. */
  owner: z.object({ pid: z.number(), start: z.string(), boot: z.string() }).nullable().default(null),
  ingest_mode: z.enum(INGEST_MODES),
  psi_actions: z.enum(PSI_ACTIONS),
  policy: z.enum(POLICIES),
  /** systemd's Id of the unit. */
  unit: z.string(),
  manager: z.enum(['system', 'user', 'embedded']),
  config: z.string(),
  /** The engine's database; an embedded engine that was orphaned is found by its lock. */
  db: z.string().nullable().default(null),
  original_text: z.string(),
  original_sample_every: z.number().nullable(),
  /** The text as the run last wrote it; null while it has written none. */
  written_text: z.string().nullable(),
  /** The text over which `written_text` was written in place, which a kill may leave half done; null: by a rename. */
  overwritten_text: z.string().nullable().default(null),
  was_running: z.boolean(),
  /** The run's last act on the unit left it running: a unit that is inactive now has been stopped by somebody. */
  started: z.boolean().default(false),
  leave: z.enum(['as-found', 'running', 'stopped']),
  /** An embedded engine. */
  embedded: knownSchema.nullable(),
  decisions: z.string().nullable().default(null),
  metrics_textfile: z.string().nullable().default(null),
  /** Files that a proof replaced. */
  replaced: z.array(replacedSchema).optional(),
  /** Processes that a proof started; each leads a group of its own. */
  helpers: z.array(knownSchema).optional(),
  /** State files of soaks that a proof started: what they left is restored first. */
  nested: z.array(z.string()).optional(),
  /** Files of a proof alone, removed when the unit has let go of them. */
  scratch: z.array(z.string()).optional(),
  /** The unit may have the drop-in of a proof. */
  drop_in: z.boolean().optional(),
});

export type RunState = z.infer<typeof runStateSchema>;
/** A process, told from a later one of the same id by its start time (proc_pid_stat(5), field 22). */
export type Known = z.infer<typeof knownSchema>;
/** A file as it was (null: there was none), and every text that was written over it. */
export type Replaced = z.infer<typeof replacedSchema>;
