import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** What is at the top of a checkout, and of a release. */
const MARKS = ['pnpm-workspace.yaml', 'SHA256SUMS'];

/** Folder of the program: a checkout (sources, `node_modules`) or a release (`lib`, its own Node). */
export const ROOT: string = rootAbove(import.meta.dirname) ?? incomplete();

/** The nearest folder above a path that is a checkout or a release; null if there is none. */
export function rootAbove(path: string): string | null {
  if (MARKS.some((name) => existsSync(join(path, name)))) return path;
  const above = dirname(path);
  return above === path ? null : rootAbove(above);
}

/** Whether the folder is a release: what `npm run build` made, and not sources. */
export const isRelease = (root: string): boolean => existsSync(join(root, 'SHA256SUMS'));

/** The supervisor's module that Node runs, in a checkout or a release. */
export const soakModule = (root: string): string =>
  join(root, isRelease(root) ? 'lib/soak.mjs' : 'packages/supervisor/src/main.ts');

/** The program of the local exchange, in a checkout or a release. */
export const feedProgram = (root: string): string =>
  join(root, isRelease(root) ? 'bin/hybrid-feed' : 'packages/feed/bin/hybrid-feed');

function incomplete(): never {
  throw new Error(`${import.meta.dirname}: neither a checkout nor a release; valid: a complete release`);
}
