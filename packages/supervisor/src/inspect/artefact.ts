import { createHash } from 'node:crypto';
import { closeSync, openSync, readdirSync, readFileSync, readSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { VERSION } from '@hybrid-soak/contract/version.ts';
import { isRelease } from '../adapters/root.ts';
import type { Notes } from './notes.ts';

/** The program's files: those of a release are held against its checksums, those of a checkout get one digest. */
export function artefact(root: string, notes: Notes): void {
  if (isRelease(root)) release(root, notes);
  else checkout(root, notes);
}

function release(root: string, notes: Notes): void {
  const list = readFileSync(join(root, 'SHA256SUMS'), 'utf8');
  const lines = [...list.matchAll(/^([0-9a-f]{64}) {2}(.+)$/gm)].map(([, digest = '', name = '']) => ({
    digest,
    name,
  }));
  const wrong = lines.flatMap(({ digest, name }) => {
    const found = digestOf(join(root, name));
    return found === digest ? [] : [`${name} ${/^[A-Z]+$/.test(found) ? `(${found})` : 'differs'}`];
  });
  const sha256 = createHash('sha256').update(list).digest('hex');
  notes.evidence({ artefact: realpathSync(root), version: VERSION, files: lines.length, sha256 });
  const where = `${VERSION} in ${realpathSync(root)}: ${lines.length} files`;
  notes.check(
    'the artefact is the one that was built',
    lines.length > 0 && wrong.length === 0,
    wrong.length === 0 ? `${where}, checksums ${sha256.slice(0, 16)}` : `${where}, of which ${wrong.join(', ')}`,
    'install the release again',
  );
}

/** A release's Node has 120 MB: its parts are read into this one after another. */
const PART_BYTES = 256 * 1024;

/** The digest of a file, or the code of the error that reading it gave. */
function digestOf(path: string): string {
  try {
    return sha256Of(path);
  } catch (error) {
    return errorCode(error) ?? 'ERROR';
  }
}

function sha256Of(path: string): string {
  const hash = createHash('sha256');
  const part = Buffer.allocUnsafe(PART_BYTES);
  const file = openSync(path, 'r');
  try {
    for (let read = readSync(file, part); read > 0; read = readSync(file, part)) hash.update(part.subarray(0, read));
  } finally {
    closeSync(file);
  }
  return hash.digest('hex');
}

/** One hash over every source file that the engine and the supervisor run from, by path. */
function checkout(root: string, notes: Notes): void {
  const hash = createHash('sha256');
  let files = 0;
  for (const name of ['contract', 'engine', 'supervisor']) {
    const folder = join(root, 'packages', name, 'src');
    const entries = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    for (const path of entries.map((entry) => join(entry.parentPath, entry.name)).sort()) {
      files++;
      hash.update(path.slice(root.length)).update(readFileSync(path));
    }
  }
  const sha256 = hash.digest('hex');
  notes.evidence({ artefact: realpathSync(root), version: VERSION, files, sha256 });
  notes.check(
    'the artefact is there',
    files > 0,
    `${VERSION} in ${realpathSync(root)}: ${files} files, SHA-256 ${sha256}`,
  );
}
