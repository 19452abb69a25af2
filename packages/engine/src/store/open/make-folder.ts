import { existsSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseRefused } from './refusals.ts';

/**
 * Makes the folder of a database. One level at a time: Node's recursive form never returns where a file system refuses
 * without a reason that it knows, as /proc does. Throws DatabaseRefused.
 */
export function makeFolderOf(path: string): void {
  try {
    makeFolder(dirname(path));
  } catch (error) {
    throw new DatabaseRefused(`${path}: ${(error as Error).message}; valid: a SQLite database in a writable folder`);
  }
}

function makeFolder(folder: string): void {
  if (existsSync(folder)) return;
  makeFolder(dirname(folder));
  mkdirSync(folder);
}
