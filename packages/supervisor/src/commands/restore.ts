import { dirname, resolve } from 'node:path';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { Command } from 'commander';
import { wallMicros } from '../adapters/clock.ts';
import { lastDecision, openDecisionLog } from '../adapters/decision-log.ts';
import { lockHolder } from '../adapters/lock.ts';
import { ladderFor } from '../core/ladder/rungs.ts';
import { recover } from '../recovery/restore.ts';
import { loadRunState, type RunState } from '../recovery/run-state.ts';
import { Stop } from '../stop.ts';

export function restoreCommand(): Command {
  return new Command('restore')
    .description('put back what an interrupted soak left: the config, and the unit as it was found')
    .option(
      '--decisions <file>',
      'the decision log of that soak; its state file is beside it',
      'data/ops/soak_decisions.jsonl',
    )
    .addHelpText(
      'after',
      '\nExample:\n  soak restore\n\nSafe to run at any time, and twice: with nothing to restore it says so and exits 0.',
    )
    .action(async (flags: { decisions: string }) => {
      const path = resolve(dirname(flags.decisions), 'soak_state.json');
      const state = loadRunState(path);
      if (state === null) {
        process.stdout.write('nothing to restore\n');
        return;
      }
      await refuseWhileHeld(state, dirname(path));
      await recover(path);
      record(flags.decisions, state);
      process.stdout.write(`restored: ${state.config}, ${state.unit} ${state.was_running ? 'running' : 'stopped'}\n`);
    });
}

async function refuseWhileHeld(state: RunState, ops: string): Promise<void> {
  const scope = process.getuid?.() === 0 ? 'root' : String(process.getuid?.());
  for (const name of [`${state.unit}:`, `${state.unit}:${ops}`]) {
    const holder = await lockHolder(scope, name);
    if (holder?.includes(state.run_id))
      throw new Stop(SOAK_EXIT.USAGE, `the soak is still running (${holder}); stop it first`);
  }
}

/** The interrupted run's last word: its own run_id, its next `seq`. */
function record(decisions: string, state: RunState): void {
  const log = openDecisionLog(decisions);
  const last = lastDecision(decisions);
  const found = state.original_sample_every ?? 1;
  log.append({
    timestamp: wallMicros(),
    run_id: state.run_id,
    seq: last?.run_id === state.run_id ? (last.seq ?? 0) + 1 : 1,
    ingest_mode: state.ingest_mode,
    psi_actions: state.psi_actions,
    policy: state.policy,
    state: ladderFor(found).find((step) => step.sample_every === found)?.rung ?? 'NORMAL',
    current_sample_every: found,
    action: 'RESTORED',
    reason: 'soak restore: an interrupted soak put back',
    unit: state.unit,
  });
  log.close();
}
