import { readFileSync } from 'node:fs';

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
