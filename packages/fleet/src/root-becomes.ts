import { spawnSync } from 'node:child_process';
import { lstatSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { folderOfOthers } from '@hybrid-soak/contract/root-alone.ts';
import { handed, MOST_BYTES } from './settings.ts';
import { Stop } from './stop.ts';

/** Missing in the types: https://nodejs.org/api/process.html#processinitgroupsuser-extragroup */
type WithGroups = { initgroups?(user: string, extraGroup: string): void };

/** Whose the configuration of an installation is; the fleet's accounts may not enter its folder. */
const OWNER = 'hybrid-soak';

/**
 * Root obeys nobody: if another account can change a folder on the way to one of the files, this process goes on as `account` for
 * good, with a copy of the configuration, as systemd hands one to the units. Throws Stop if there is no such account.
 */
export function rootBecomes(account: string, config: string, others: string[]): void {
  if (process.getuid?.() !== 0) return;
  for (const file of [config, ...others]) {
    const folder = folderOfOthers(resolve(file), { lstatSync, realpathSync });
    if (folder === null) continue;
    const copy = copyOf(resolve(config));
    if (copy !== null) handed.set(config, copy);
    become(account, `${file}: another account can write in ${folder}`);
    return;
  }
}

/** Read by a child that is its owner; null if that cannot read it. */
function copyOf(config: string): string | null {
  const owner = [`--reuid=${OWNER}`, `--regid=${OWNER}`, '--init-groups', '--'];
  const { status, stdout } = spawnSync('setpriv', [...owner, 'cat', '--', config], {
    ...{ encoding: 'utf8', cwd: '/', timeout: 10_000, maxBuffer: MOST_BYTES },
  });
  return status === 0 ? stdout : null;
}

function become(account: string, why: string): void {
  try {
    (process as WithGroups).initgroups?.(account, account);
    process.setgid?.(account);
    process.setuid?.(account);
  } catch {
    throw new Stop(SOAK_EXIT.CONFIG, `${why}, and root would act on what it finds; valid: run as that account`);
  }
}
