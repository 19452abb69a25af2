import { lstatSync, realpathSync } from 'node:fs';
import { resolve } from 'node:path';
import { folderOfOthers } from '@hybrid-soak/contract/root-alone.ts';

/** The first folder on the way to a path that another account than root could change; null if there is none. */
export const writableByOthers = (path: string): string | null =>
  folderOfOthers(resolve(path), { lstatSync, realpathSync });
