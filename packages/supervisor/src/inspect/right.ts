import { userInfo } from 'node:os';
import { isRoot } from '../adapters/drop-root.ts';
import { systemctl } from '../unit/systemctl.ts';
import type { Notes } from './notes.ts';
import type { Subject } from './subject.ts';

/** What changes nothing in that state, and needs the same right as what does (systemd asks polkit before it looks). */
const HARMLESS: Record<string, 'start' | 'stop'> = { active: 'start', inactive: 'stop', failed: 'stop' };

/**
 * Whether this account may act on the unit. The right is tested and not the package: polkit before 0.106 is there and ignores
 * the rule.
 */
export async function rightToAct({ unit, scope }: Subject, notes: Notes): Promise<void> {
  if (scope !== 'system' || isRoot()) return;
  const shown = await systemctl('system', ['show', unit, '-p', 'ActiveState', '--value']);
  const verb = HARMLESS[shown.stdout.trim()];
  if (verb === undefined) return;
  const asked = await systemctl('system', [verb, unit]);
  const user = userInfo().username;
  notes.check(
    `${user} may start and stop the unit`,
    asked.ok,
    asked.ok ? `systemctl ${verb} ${unit}` : asked.error,
    `polkit 0.106 or later (apt-get install polkitd), its rule (soak install), and ${user} in the group hybrid-soak-operators`,
  );
}
