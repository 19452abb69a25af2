import { ENGINE_UNIT } from '@hybrid-soak/contract/engine-unit.ts';
import { openForCaller } from '../../adapters/caller-file.ts';
import { accountOf, dropRoot, isRoot, leaveClosedFolder } from '../../adapters/drop-root.ts';
import type { ManagerChoice } from '../../unit/choose.ts';

/** The account that `ops/sysusers` declares for the supervisor. */
const SUPERVISOR = 'hybrid-soak';
/** Its compiled code, and the config that was found valid last (`ops/tmpfiles`): those of root are closed to it. */
const COMPILED = '/var/cache/hybrid-soak-supervisor';
/** These stay root, and touch what other accounts can replace through a child that is not. */
const STAY_ROOT = ['install', 'uninstall', 'completion'];
/** These need a signal to the engine, or a file of the engine's removed: a parent stays root for that. */
const HELPED = ['prove', 'restore'];

/** What of a command's flags matters here. */
interface Flags {
  unit?: string;
  manager?: ManagerChoice;
  report?: string | true;
  junit?: string;
  out?: string;
}

/**
 * Root obeys nobody: before a command opens a file, root becomes the supervisor's account if there is one. Otherwise, and
 * for an engine of the soak's own, this process stays root, and `placesOf` refuses folders that another account can write in.
 */
export async function runAs(name: string, flags: Flags): Promise<void> {
  if (!isRoot()) return leaveClosedFolder();
  if (STAY_ROOT.includes(name)) return;
  const account = accountOf(SUPERVISOR);
  if (account === null || flags.manager === 'user' || flags.manager === 'embedded') return;
  if (HELPED.includes(name)) return (await import('./root-parent.ts')).asRootParent(account, flags.unit ?? ENGINE_UNIT);
  for (const file of writtenOnce(name, flags)) openForCaller(file);
  dropRoot(account);
  process.env['NODE_COMPILE_CACHE'] = COMPILED;
}

function writtenOnce(name: string, { report, junit, out }: Flags): string[] {
  const page = report === true ? 'report.html' : report;
  return [page, junit, name === 'report' && out !== '-' ? out : undefined].filter((file) => file !== undefined);
}
