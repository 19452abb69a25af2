import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { type Holder, holderSchema } from '@hybrid-soak/contract/lock-holder.ts';
import { replaceFile } from './replace-file.ts';
import { readRegular } from './safe-open.ts';

/** State folder of the XDG base directory specification. */
const path = () =>
  join(process.env['XDG_STATE_HOME'] || join(homedir(), '.local/state'), 'hybrid-soak', 'last-run.json');

/** Remembers where this account's last run was; an account without a home does without. */
export function rememberRun(run: Holder): void {
  try {
    mkdirSync(dirname(path()), { recursive: true });
    replaceFile(path(), `${JSON.stringify(run)}\n`);
  } catch {
    // Only a convenience: `soak report` then needs --decisions.
  }
}

export function lastRunHere(): Holder | null {
  try {
    const parsed = holderSchema.safeParse(JSON.parse(readRegular(path()).toString('utf8')));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
