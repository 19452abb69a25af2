import { createHash } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { replaceFile } from '../adapters/replace-file.ts';
import { Stop } from '../stop.ts';
import type { Change, Making, Way } from './making.ts';
import { type Made, type Manifest, madeAt } from './manifest.ts';
import type { StepOf } from './steps.ts';

// What lies outside of the state folder: only the account that installs can write there.

export const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

export function folder({ path, mode }: StepOf<'folder'>, { way, manifest, unfinished }: Making): Change | null {
  if (existsSync(path) && !unfinished.includes(path)) return null;
  way.say(`folder   ${path} (${mode.toString(8)})`);
  return {
    at: path,
    record: () => recordFolders(manifest, missing(path)),
    act() {
      mkdirSync(path, { recursive: true });
      chmodSync(path, mode);
    },
  };
}

/** The folder and what is missing above it, the topmost first. */
function missing(path: string): string[] {
  return existsSync(path) ? [] : [...missing(dirname(path)), path];
}

export function recordFolders(manifest: Manifest, paths: string[]): void {
  const fresh = paths.filter((path) => madeAt(manifest, 'folder', path) === undefined);
  manifest.made.push(...fresh.map((path) => ({ kind: 'folder', path }) as const));
}

export function link({ path, target }: StepOf<'link'>, { way, manifest }: Making): Change | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink() && readlinkSync(path) === target) return null;
  if (stat?.isDirectory()) throw new Stop(SOAK_EXIT.CONFIG, `${path}: is a folder; valid: nothing, a file or a link`);
  const made = madeAt(manifest, 'link', path);
  const ours = made !== undefined && stat?.isSymbolicLink() && readlinkSync(path) === made.target;
  const backup = stat === undefined || ours ? null : backedUp(path, way);
  way.say(`link     ${path} -> ${target}`);
  return {
    at: path,
    record: () => noteMade(manifest, made, { kind: 'link', path, target, backup: made?.backup ?? backup }),
    act() {
      rmSync(`${path}.new`, { force: true });
      symlinkSync(target, `${path}.new`);
      renameSync(`${path}.new`, path);
    },
  };
}

export function file({ path, text, mode, keep }: StepOf<'file'>, { way, manifest, unfinished }: Making): Change | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  const now = stat === undefined ? null : existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  const done = now?.equals(Buffer.from(text)) === true;
  if (now !== null && (done ? !unfinished.includes(path) : keep)) return null;
  const made = madeAt(manifest, 'file', path);
  const ours = now !== null && made?.sha256 === sha256(now);
  const backup = now === null || ours ? null : backedUp(path, way);
  way.say(`file     ${path} (${text.length} bytes${now === null ? '' : ', replaced'})`);
  return {
    at: path,
    record: () =>
      noteMade(manifest, made, { kind: 'file', path, sha256: sha256(text), backup: made?.backup ?? backup }),
    act() {
      if (stat?.isSymbolicLink()) rmSync(path);
      replaceFile(path, text, { mode });
    },
  };
}

export function noteMade(manifest: Manifest, old: Made | undefined, entry: Made): void {
  if (old === undefined) manifest.made.push(entry);
  else Object.assign(old, entry);
}

/** What is found at a path that is not ours, kept under the home by its name and the time. */
function backedUp(path: string, { layout, dryRun, say }: Way): string {
  const folder = join(layout.home, 'backups');
  const to = join(folder, `${basename(path)}.${new Date().toISOString().replace(/[:.]/g, '-')}`);
  say(`backup   ${path} as ${to}`);
  if (dryRun) return to;
  mkdirSync(folder, { recursive: true });
  cpSync(path, to, { verbatimSymlinks: true, preserveTimestamps: true });
  return to;
}
