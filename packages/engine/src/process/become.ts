import { lstatSync, readFileSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { folderOfOthers } from '@hybrid-soak/contract/root-alone.ts';

const ACCOUNT = 'hybrid-engine';

/** Whether the engine's account exists: something is installed. */
export const hasEngineAccount = (): boolean => readFileSync('/etc/passwd', 'utf8').includes(`\n${ACCOUNT}:`);

/** Missing in the types: https://nodejs.org/api/process.html#processinitgroupsuser-extragroup */
type WithGroups = { initgroups?(user: string, extraGroup: string): void };

/**
 * As root: goes on as the engine's account for good, with its groups and no others. Root touches no path that another account
 * could replace.
 */
export function becomeEngine(): void {
  (process as WithGroups).initgroups?.(ACCOUNT, ACCOUNT);
  process.setgid?.(ACCOUNT);
  process.setuid?.(ACCOUNT);
}

/**
 * Becomes the engine's account if this is root and another account can change a folder on the way to one of the files: it would
 * command root. What is wrong if there is no such account, else null.
 */
export function leaveRoot(files: string[]): string | null {
  if (process.getuid?.() !== 0) return null;
  for (const file of files) {
    const folder = folderOfOthers(resolve(file), { lstatSync, realpathSync });
    if (folder === null) continue;
    if (!hasEngineAccount())
      return `${file}: another account can write in ${folder}, and root would act on what it finds; valid: run as that account`;
    becomeEngine();
    return null;
  }
  return null;
}
