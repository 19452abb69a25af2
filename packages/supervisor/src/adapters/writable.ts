import { accessSync, constants, lstatSync, mkdtempSync, rmdirSync, statSync, utimesSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { Stop } from '../stop.ts';

/**
 * Refuses, with exit code 12, a file that could not be written, or would be through a link (unless `follow`); nothing is left of the trial. A folder that is missing
 * will be made, so that the nearest one above it is what counts.
 */
export function writableFile(what: string, file: string, { follow = false } = {}): void {
  const path = resolve(file);
  const folder = dirname(path);
  try {
    const stat = (follow ? statSync : lstatSync)(path, { throwIfNoEntry: false });
    if (stat === undefined) tryFolder(folder);
    else if (stat.isSymbolicLink()) throw Object.assign(new Error(), { code: 'a symbolic link' });
    else if (stat.isFile()) accessSync(path, constants.W_OK);
    else throw Object.assign(new Error(), { code: 'not a file' });
    accessSync(nearest(folder), constants.W_OK | constants.X_OK);
  } catch (error) {
    const code = errorCode(error);
    throw new Stop(SOAK_EXIT.CONFIG, `${what} ${path}: not writable (${code}); valid: a file that this user may write`);
  }
}

/** The permissions of /proc and the like promise what they do not hold: only the act tells. */
function tryFolder(folder: string): void {
  const above = nearest(folder);
  accessSync(above, constants.W_OK | constants.X_OK);
  if (above === folder) return;
  const { atime, mtime } = statSync(above);
  rmdirSync(mkdtempSync(join(above, '.soak-')));
  utimesSync(above, atime, mtime);
}

function nearest(folder: string): string {
  // A symlink to nothing is there too, and is not a folder.
  if (lstatSync(folder, { throwIfNoEntry: false }) !== undefined) return folder;
  return nearest(dirname(folder));
}
