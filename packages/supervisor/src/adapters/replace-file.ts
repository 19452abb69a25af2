import { closeSync, fsyncSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import writeFileAtomic from 'write-file-atomic';

/** Temp file in the same folder, fsync, rename, fsync of the folder; mode and owner kept. */
export function replaceFile(path: string, text: string): void {
  const old = statSync(path, { throwIfNoEntry: false });
  const kept = old === undefined ? {} : { mode: old.mode, chown: { uid: old.uid, gid: old.gid } };
  writeFileAtomic.sync(path, text, { fsync: true, ...kept });
  const folder = openSync(dirname(path), 'r');
  fsyncSync(folder);
  closeSync(folder);
}
