import type { RunState } from '@hybrid-soak/contract/run-state.ts';
import { isGoingDown } from '../unit/going-down.ts';
import type { Outcome, UnitManager } from '../unit/manager.ts';

export interface UnitRestored extends Outcome {
  /** In words. */
  what: string;
}

/**
 * The unit as it was found, or as asked: running with the restored config, or stopped. While the system goes down the config
 * alone is enough: a start would be refused ("transaction is destructive"), and the next boot starts what is enabled. A unit
 * that somebody has stopped during the run stays stopped.
 */
export async function restoreUnit(manager: UnitManager, state: RunState, changed: boolean): Promise<UnitRestored> {
  const { unit: name, leave } = state;
  if (manager.name === 'embedded') return { ...(await manager.stop()), what: `${name} stopped` };
  if (await isGoingDown(manager.name)) return untouched('nothing else: the system is going down');
  const running = leave === 'as-found' ? state.was_running : leave === 'running';
  const outcome = running ? await run(manager, state, changed) : { ...(await manager.stop()), what: `${name} stopped` };
  if (!outcome.ok && (await isGoingDown(manager.name))) return untouched('nothing else: the system is going down');
  return outcome;
}

async function run(manager: UnitManager, state: RunState, changed: boolean): Promise<UnitRestored> {
  const what = `${state.unit} running`;
  const unit = await manager.show(true);
  const now = unit.available ? unit.value : null;
  if (now?.active_state === 'active' && !changed)
    return { ok: true, error: null, invocation_id: now.invocation_id, unit_pid: now.main_pid, what };
  const byHand = now?.active_state === 'inactive' && now.result === 'success' && state.started === true;
  if (byHand && state.leave === 'as-found')
    return untouched(`${state.unit} stays stopped: it was stopped during the run, and not by it`);
  return { ...(await (now?.active_state === 'active' ? manager.restart() : manager.start())), what };
}

const untouched = (what: string): UnitRestored => ({
  ok: true,
  error: null,
  invocation_id: null,
  unit_pid: null,
  what,
});
