import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Folder of the program: a checkout (sources, `node_modules`) or a release (`lib`, its own Node); both hold `ops/systemd`. */
export const ROOT: string = rootAbove(import.meta.dirname);

function rootAbove(folder: string): string {
  if (existsSync(join(folder, 'ops/systemd'))) return folder;
  const above = dirname(folder);
  if (above === folder)
    throw new Error(`${import.meta.dirname}: no ops/systemd in a folder above; the release is incomplete`);
  return rootAbove(above);
}
