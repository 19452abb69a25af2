import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What is at the top of a checkout, and of a release. */
const MARKS = ['pnpm-workspace.yaml', 'SHA256SUMS'];

/** Folder of the program: a checkout (sources, `node_modules`) or a release (`lib`, its own Node). */
export const ROOT: string = rootAbove(import.meta.dirname);

function rootAbove(folder: string): string {
  if (MARKS.some((name) => existsSync(join(folder, name)))) return folder;
  const above = dirname(folder);
  if (above === folder)
    throw new Error(`${import.meta.dirname}: neither a checkout nor a release; valid: a complete release`);
  return rootAbove(above);
}
