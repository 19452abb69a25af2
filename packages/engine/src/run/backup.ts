import { openSync } from 'node:fs';
import { ENGINE_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { becomeEngine, hasEngineAccount } from '../process/become.ts';
import { type BackupTarget, backUp } from '../store/backup.ts';
import { exitOfFailure } from './failure.ts';

export interface Target {
  file: string;
  opened: BackupTarget;
}

/** As root on an installed machine the file is opened with the caller's rights; all that follows is the engine's account's. */
export function targetOf(file: string): Target {
  if (process.getuid?.() !== 0 || !hasEngineAccount()) return { file, opened: { path: file } };
  try {
    const fd = openSync(file, 'wx', 0o600);
    becomeEngine();
    return { file, opened: { fd } };
  } catch (error) {
    process.stderr.write(`${printable(`${file}: ${(error as Error).message}`)}; valid: a path that is free\n`);
    process.exit(ENGINE_EXIT.CONFIG);
  }
}

/** Copies the database; progress and failures go to stderr. The exit code. */
export async function backupTo({ file, opened }: Target, database: string): Promise<number> {
  try {
    const pages = await backUp(database, opened, sayProgress());
    process.stdout.write(`${printable(file)}: ${pages} pages, checked\n`);
    return ENGINE_EXIT.COMPLETE;
  } catch (error) {
    const left = 'fd' in opened ? `; ${file} is left empty` : '';
    process.stderr.write(`${printable(`${(error as Error).message}${left}`)}\n`);
    return exitOfFailure(error);
  }
}

/** A line for each tenth. */
function sayProgress(): (what: string, copied: number, pages: number) => void {
  let told = '';
  return (what, copied, pages) => {
    const percent = Math.floor((10 * copied) / pages) * 10;
    const line = what === 'copying' ? `copying: ${percent} % of ${pages} pages` : what;
    if (line !== told) process.stderr.write(`${line}\n`);
    told = line;
  };
}
