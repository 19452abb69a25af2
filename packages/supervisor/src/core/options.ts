import type { IngestMode, PolicyName, PsiActions } from '@hybrid-soak/contract/modes.ts';
import type { SoakPolicy, SoakThresholds } from '@hybrid-soak/contract/policy.ts';
import type { Requested } from '@hybrid-soak/contract/soak-request.ts';

/** What a soak is given before its first observation; with the samples file it determines every decision. */
export interface SoakOptions {
  run_id: string;
  ingest_mode: IngestMode;
  psi_actions: PsiActions;
  policy: PolicyName;
  parameters: SoakPolicy;
  /** What is absent is not judged. */
  thresholds: Partial<SoakThresholds>;
  /** The names of those that end the soak once they are missed. */
  abort_on?: readonly (keyof SoakThresholds)[];
  /** `[storage] retain_days` of the engine; 0 keeps everything. */
  retain_days?: number;
  duration_s: number;
  interval_s: number;
  apply: 'restart' | 'reload';
  /** How the unit is left at the end. */
  leave: 'as-found' | 'running' | 'stopped';
  /** `[engine] sample_every` as found; null where the key was absent. */
  original_sample_every: number | null;
  /** Whether the unit was active before the soak. */
  was_running: boolean;
  /** Which manager drives the unit and why it was chosen; goes into STARTUP. */
  manager: { name: 'system' | 'user' | 'embedded'; why: string; details?: string };
  unit: string;
  /** The file that holds a torn last line of the decision log, which was cut off at its opening. */
  torn_line_kept_in?: string;
  /** Who asked for the soak from another machine. */
  requested?: Requested;
}
