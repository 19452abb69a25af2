import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import type { SoakOptions } from '../core/options.ts';

const KEPT_RUNS = 5;
/** About two weeks at the 5 s interval; past it the run goes on without samples, and says so once. */
const MAX_BYTES = 512 * 1024 * 1024;

/** A fresh samples file: a header line, then every observation. The one before is kept under its time. */
export function openSamples(path: string, header: { options: SoakOptions; environment?: unknown }, full: () => void) {
  mkdirSync(dirname(path), { recursive: true });
  rotate(path);
  const fd = openSync(path, 'w');
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
  if (!existsSync(path)) return;
  const stem = basename(path).replace(/\.jsonl$/, '');
  const stamp = statSync(path).mtime.toISOString().replace(/[:.]/g, '-');
  renameSync(path, join(dirname(path), `${stem}.${stamp}.jsonl`));
  const old = readdirSync(dirname(path)).filter((name) => name.startsWith(`${stem}.2`) && name.endsWith('.jsonl'));
  for (const name of old.sort().slice(0, -KEPT_RUNS)) rmSync(join(dirname(path), name));
}
