import type { RunState } from '@hybrid-soak/contract/run-state.ts';
import { bootId } from '@hybrid-soak/supervisor/adapters/owner.ts';

/** What a soak of this boot left whose process is gone: process ids end below this one (proc_sys_kernel(5), pid_max). */
export function leftState(config: string, original_text: string, more: Partial<RunState> = {}): RunState {
  return {
    v: 1,
    run_id: '537ae0ad-078a-4974-be0e-79ba6b9e666f',
    owner: { pid: 2 ** 22 + 1, start: '1', boot: bootId() },
    ingest_mode: 'synthetic',
    psi_actions: 'on',
    policy: 'classic',
    unit: 'u.service',
    manager: 'embedded',
    config,
    db: null,
    original_text,
    original_sample_every: 1,
    written_text: null,
    overwritten_text: null,
    was_running: false,
    started: false,
    leave: 'as-found',
    embedded: null,
    decisions: null,
    metrics_textfile: null,
    ...more,
  };
}
