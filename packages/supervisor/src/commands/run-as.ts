import type { Command } from 'commander';
import { openForCaller } from '../adapters/caller-file.ts';
import { accountOf, dropRoot, isRoot } from '../adapters/drop-root.ts';
import { ENGINE_UNIT } from '../recovery/places.ts';
import type { ManagerChoice } from '../unit/choose.ts';
import { unitFacts } from '../unit/facts.ts';

/** The account that `ops/sysusers` declares for the supervisor. */
const SUPERVISOR = 'hybrid-soak';
/** These stay root, and touch what other accounts can replace through a child that is not. */
const STAY_ROOT = ['install', 'uninstall', 'completion'];

interface Flags {
  unit?: string;
  manager?: ManagerChoice;
  report?: string | true;
  junit?: string;
  out?: string;
}

/**
 * Root obeys nobody: before a command opens a file, root becomes the supervisor's account if the unit is installed. If it is
 * not, this process stays root, and `placesOf` refuses folders that another account can write in.
 */
export async function runAs(command: Command): Promise<void> {
  const name = command.name();
  if (!isRoot() || STAY_ROOT.includes(name)) return;
  const flags: Flags = command.opts();
  const account = accountOf(SUPERVISOR);
  if (account === null || !(await isInstalled(flags))) return;
  if (name === 'prove') return (await import('./prove-as.ts')).proveAs(account, flags.unit ?? ENGINE_UNIT);
  for (const file of writtenOnce(name, flags)) openForCaller(file);
  dropRoot(account);
}

async function isInstalled({ unit = ENGINE_UNIT, manager = 'auto' }: Flags): Promise<boolean> {
  if (manager === 'user' || manager === 'embedded') return false;
  const asked = await unitFacts('system', unit);
  return !asked.ok || asked.facts.load !== 'not-found';
}

function writtenOnce(name: string, { report, junit, out }: Flags): string[] {
  const page = report === true ? 'report.html' : report;
  return [page, junit, name === 'report' ? out : undefined].filter((file) => file !== undefined);
}
