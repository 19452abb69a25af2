import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';

/**
 * Makes the folder of a database. One level at a time: Node's recursive form never returns if a file system refuses with an
 * error that it does not know, as /proc does.
 */
export function makeFolderOf(path: string): void {
  makeFolder(dirname(path));
}

function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}
