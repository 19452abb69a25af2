import { closeSync, lstatSync, mkdirSync, readdirSync, renameSync, rmSync, writeSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import type { SoakOptions } from '../core/options.ts';
import { openRegular, UnsafeFile } from './safe-open.ts';

const KEPT_RUNS = 5;
/** About two weeks at the 5 s interval; past it the run goes on without samples, and says so once. */
const MAX_BYTES = 512 * 1024 * 1024;

/** A fresh samples file: a header line, then every observation. The one before is kept under its time. */
export function openSamples(path: string, header: { options: SoakOptions; environment?: unknown }, full: () => void) {
  mkdirSync(dirname(path), { recursive: true });
  rotate(path);
  const fd = openRegular(path, 'create');
  let bytes = writeSync(fd, `${JSON.stringify({ v: 1, kind: 'header', ...header })}\n`);
  let said = false;
  return {
    append(observation: Observation) {
      if (bytes < MAX_BYTES) bytes += writeSync(fd, `${JSON.stringify(observation)}\n`);
      else if (!said) {
        said = true;
        full();
      }
    },
    close: () => closeSync(fd),
  };
}

function rotate(path: string): void {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isFile()) throw new UnsafeFile(path, found.isSymbolicLink() ? 'ELOOP' : 'ENXIO', 'is not a regular file');
  const stem = basename(path).replace(/\.jsonl$/, '');
  const stamp = found.mtime.toISOString().replace(/[:.]/g, '-');
  renameSync(path, join(dirname(path), `${stem}.${stamp}.jsonl`));
  const old = readdirSync(dirname(path)).filter((name) => name.startsWith(`${stem}.2`) && name.endsWith('.jsonl'));
  for (const name of old.sort().slice(0, -KEPT_RUNS)) rmSync(join(dirname(path), name));
}
