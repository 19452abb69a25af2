import { openSync } from 'node:fs';
import { constants } from 'node:os';
import { errorText } from '@hybrid-soak/contract/error-text.ts';
import { ENGINE_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { becomeEngine, hasEngineAccount } from '../process/become.ts';
import { exitNow } from '../process/exit.ts';
import { backUp } from '../store/backup.ts';
import type { BackupTarget } from '../store/backup-target.ts';
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
    process.once('exit', (code) => code !== 0 && sayEmpty(file));
    return { file, opened: { fd } };
  } catch (error) {
    process.stderr.write(`${printable(`${file}: ${errorText(error)}`)}; valid: a path that is free\n`);
    process.exit(ENGINE_EXIT.CONFIG);
  }
}

/** The engine's account cannot delete what root has made. */
const sayEmpty = (file: string) => process.stderr.write(`${printable(file)}: is left empty\n`);

/** Copies the database; progress and failures go to stderr. The exit code; after a signal the process ends here, as by that signal. */
export async function backupTo({ file, opened }: Target, database: string): Promise<number> {
  const stopping = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, () => stopping.abort(constants.signals[name]));
  // Its reader may be gone: the copy is made all the same.
  process.stderr.on('error', () => {});
  try {
    const pages = await backUp(database, opened, sayProgress(), stopping.signal);
    process.stdout.write(`${printable(file)}: ${pages} pages, checked\n`);
    return ENGINE_EXIT.COMPLETE;
  } catch (error) {
    const { aborted, reason } = stopping.signal;
    process.stderr.write(`${aborted ? 'interrupted: there is no copy' : printable(errorText(error))}\n`);
    if (!aborted) return exitOfFailure(error);
    if ('fd' in opened) sayEmpty(file);
    // The check may go on in its thread.
    return exitNow(128 + Number(reason));
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
