import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { Holder } from '@hybrid-soak/contract/lock-holder.ts';
import {
  holderText,
  type Lock,
  LockHeld,
  LockRefused,
  lastHolder,
  lockHolder,
  lockPath,
  takeLock,
} from '../adapters/lock.ts';
import { Stop } from '../stop.ts';
import type { UnitManager } from '../unit/manager.ts';
import { userRuntimeFolder } from '../unit/user-runtime.ts';

type ManagerName = UnitManager['name'];

/** Folder of the locks on a manager's units; null if the lock is in the ops folder alone. */
export function lockFolder(manager: ManagerName): string | null {
  if (manager === 'embedded') return null;
  return manager === 'system' ? '/run/hybrid-soak' : `${userRuntimeFolder()}/hybrid-soak`;
}

/** The locks that a run over this unit takes, in this order: the unit's, then the ops folder's. */
function lockPaths(manager: ManagerName, unit: string, ops: string): string[] {
  const folder = lockFolder(manager);
  return [...(folder === null ? [] : [lockPath(folder, unit)]), `${ops}/lock`];
}

/** Takes both locks; `holder` null for a moment, as takeLock has it. Throws Stop: 2 if another supervisor holds one, 12 if this account may not lock. */
export function takeLocks(manager: ManagerName, unit: string, ops: string, holder: Holder | null): Lock {
  const taken: Lock[] = [];
  const release = (forget?: boolean) => {
    for (const lock of taken.reverse()) lock.release(forget);
  };
  try {
    for (const path of lockPaths(manager, unit, ops)) taken.push(takeLock(path, holder));
  } catch (error) {
    release();
    if (error instanceof LockHeld) {
      const who = error.holder === null ? 'another supervisor' : holderText(error.holder);
      throw new Stop(SOAK_EXIT.USAGE, `${unit} is held by ${who}; valid: wait for it, or stop it`);
    }
    if (error instanceof LockRefused) throw new Stop(SOAK_EXIT.CONFIG, error.message);
    throw error;
  }
  return { release };
}

/** The living supervisor of this unit or of this ops folder; null if there is none. */
export function supervisorOf(manager: ManagerName, unit: string, ops: string): Holder | null {
  for (const path of lockPaths(manager, unit, ops)) {
    const holder = lockHolder(path);
    if (holder !== null) return holder;
  }
  return null;
}

/** The run that has, or had until it was killed, the lock of a unit: where its files are. */
export function lastRunOf(manager: ManagerName, unit: string): Holder | null {
  const folder = lockFolder(manager);
  return folder === null ? null : lastHolder(lockPath(folder, unit));
}
