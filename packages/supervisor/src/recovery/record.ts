import type { RunState } from '@hybrid-soak/contract/run-state.ts';
import { wallMicros } from '../adapters/clock.ts';
import { lastDecision, openDecisionLog } from '../adapters/decision-log.ts';
import { ladderFor } from '../core/ladder/rungs.ts';

/** The interrupted run's last record, RESTORED: its own run_id, its next `seq`, in its own log. */
export function recordRestored(state: RunState, reason: string, sampleEvery: number | null): void {
  if (state.decisions === null) return;
  const log = openDecisionLog(state.decisions);
  const last = lastDecision(state.decisions);
  const now = sampleEvery ?? 1;
  log.append({
    timestamp: wallMicros(),
    run_id: state.run_id,
    seq: last?.run_id === state.run_id ? (last.seq ?? 0) + 1 : 1,
    ingest_mode: state.ingest_mode,
    psi_actions: state.psi_actions,
    policy: state.policy,
    state: ladderFor(now).find((step) => step.sample_every === now)?.rung ?? 'NORMAL',
    current_sample_every: now,
    action: 'RESTORED',
    reason,
    unit: state.unit,
  });
  log.close();
}
