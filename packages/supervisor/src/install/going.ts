import { existsSync } from 'node:fs';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { Stop } from '../stop.ts';
import { userExists } from './declared.ts';
import { dropped } from './dropped.ts';
import { type Layout, SUPERVISOR } from './layout.ts';

/** Locks of the system's units; a user's installation has them below its runtime folder. */
const SYSTEM_LOCKS = '/run/hybrid-soak';

/** Prints what the holder of a lock wrote beside it, and fails, if one of the locks of the folder $1 is held. */
const HELD =
  'cd "$1" || exit 0; for l in lock *.lock; do test -f "$l" || continue; flock -n "$l" true || { head -c 4096 "$l.json"; exit 9; }; done';

/** A soak may not lose its program, its units or its accounts: throws Stop if one is running over this installation's units. */
export function refuseDuringSoak(command: string, { scope }: Layout): void {
  const runtime = `/run/user/${process.getuid?.()}/hybrid-soak`;
  const folder = scope === 'system' ? SYSTEM_LOCKS : runtime;
  if (!existsSync(folder) || (scope === 'system' && !userExists(SUPERVISOR))) return;
  const as = scope === 'system' ? SUPERVISOR : null;
  const { ok, stdout } = dropped(as, ['sh', '-c', HELD, 'sh', folder]);
  if (ok || stdout === '') return;
  const pid = /"pid":(\d+)/.exec(stdout)?.[1] ?? 'unknown';
  throw new Stop(
    SOAK_EXIT.CONFIG,
    `soak ${command}: a soak is running (pid ${pid}); valid: wait for its end, or stop it (soak status shows it)`,
  );
}
