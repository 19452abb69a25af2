import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Holder, readHolder } from '@hybrid-soak/contract/lock-holder.ts';
import { isRoot } from './drop-root.ts';
import { replaceFile } from './replace-file.ts';
import { writableByOthers } from './root-alone.ts';
import { readRegular } from './safe-open.ts';

/** State folder of the XDG base directory specification. */
const path = () =>
  join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local/state'), 'hybrid-soak', 'last-run.json');

/** Root with somebody else's HOME, as a sudo(8) may keep it, neither writes nor believes what is there. */
const isAnothers = () => isRoot() && writableByOthers(path()) !== null;

/** Remembers where this account's last run was; an account without a home does without. */
export function rememberRun(run: Holder): void {
  if (isAnothers()) return;
  try {
    mkdirSync(dirname(path()), { recursive: true });
    replaceFile(path(), `${JSON.stringify(run)}\n`);
  } catch {
    // Only a convenience: `soak report` then needs --decisions.
  }
}

export function lastRunHere(): Holder | null {
  if (isAnothers()) return null;
  try {
    return readHolder(JSON.parse(readRegular(path()).toString('utf8')));
  } catch {
    return null;
  }
}
