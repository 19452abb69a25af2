import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  chmodSync,
  chownSync,
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
import { replaceFile } from '../replace-file.ts';
import { Stop } from '../stop.ts';
import { type Layout, manifestPath } from './layout.ts';
import { loadManifest, type Made, type Manifest, madeAt, saveManifest } from './manifest.ts';
import { RELEASED, type Step } from './steps.ts';

export interface Way {
  layout: Layout;
  version: string;
  dryRun: boolean;
  /** One line for each thing that is done, or would be. */
  say(line: string): void;
}

/** Makes what is not so already, one step after another; true where anything changed. The manifest follows each step. */
export function install(steps: Step[], way: Way): boolean {
  const path = manifestPath(way.layout);
  const manifest: Manifest = loadManifest(path) ?? { v: 1, version: way.version, scope: way.layout.scope, made: [] };
  manifest.version = way.version;
  const changed: string[] = [];
  for (const step of steps) {
    const done = apply(step, way, manifest, changed);
    if (done === null) continue;
    changed.push(done);
    if (!way.dryRun) saveManifest(path, manifest);
  }
  return changed.length > 0;
}

export const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

/** The path, or the command, that changed; null where it was so already. */
function apply(step: Step, way: Way, manifest: Manifest, changed: string[]): string | null {
  switch (step.do) {
    case 'account':
      return account(step, way, manifest);
    case 'folder':
      return folder(step, way, manifest);
    case 'release':
      return release(step, way, manifest);
    case 'link':
      return link(step, way, manifest);
    case 'file':
      return file(step, way, manifest);
    case 'run': {
      if (!changed.some((path) => path.startsWith(`${step.after}/`))) return null;
      way.say(`run      ${step.command.join(' ')}`);
      if (!way.dryRun) run(step.command);
      return step.command.join(' ');
    }
    default:
      return step satisfies never;
  }
}

type Of<K extends Step['do']> = Extract<Step, { do: K }>;

/** Runs a command; throws Stop with its own words where it fails. */
export function run(command: string[]): void {
  const [file, ...args] = command as [string, ...string[]];
  const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8', timeout: 60_000 });
  if (status === 0) return;
  throw new Stop(SOAK_EXIT.FAIL, `${command.join(' ')}: ${stderr?.trim() || error?.message || `exit code ${status}`}`);
}

function account({ name, home }: Of<'account'>, way: Way, manifest: Manifest): string | null {
  if (idOf('-u', name) !== null) return null;
  const shell = ['--no-create-home', '--home-dir', home, '--shell', '/usr/sbin/nologin'];
  const group = spawnSync('getent', ['group', name]).status === 0 ? ['--gid', name] : ['--user-group'];
  const command = ['useradd', '--system', ...group, ...shell, name];
  way.say(`account  ${name}: ${command.join(' ')}`);
  if (!way.dryRun) run(command);
  manifest.made.push({ kind: 'account', name });
  return name;
}

function idOf(flag: '-u' | '-g', name: string): number | null {
  const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : null;
}

function chown(path: string, { layout }: Way): void {
  if (layout.account === null) return;
  chownSync(path, idOf('-u', layout.account) ?? 0, idOf('-g', layout.account) ?? 0);
}

function folder({ path, mode, own }: Of<'folder'>, way: Way, manifest: Manifest): string | null {
  if (existsSync(path)) return null;
  way.say(
    `folder   ${path} (${mode.toString(8)}${own && way.layout.account !== null ? `, ${way.layout.account}` : ''})`,
  );
  manifest.made.push(...missing(path).map((made) => ({ kind: 'folder', path: made }) as const));
  if (way.dryRun) return path;
  mkdirSync(path, { recursive: true });
  chmodSync(path, mode);
  if (own) chown(path, way);
  return path;
}

/** The folder and what is missing above it, the topmost first. */
function missing(path: string): string[] {
  return existsSync(path) ? [] : [...missing(dirname(path)), path];
}

function release({ from, to, digest }: Of<'release'>, way: Way, manifest: Manifest): string | null {
  const made = madeAt(manifest, 'release', to);
  if (made?.digest === digest && existsSync(to)) return null;
  way.say(`release  ${to}: ${RELEASED.join(', ')} of ${from}`);
  if (made === undefined) manifest.made.push({ kind: 'release', path: to, digest });
  else made.digest = digest;
  if (way.dryRun) return to;
  const fresh = `${to}.new`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh);
  for (const name of RELEASED.filter((released) => existsSync(join(from, released))))
    cpSync(join(from, name), join(fresh, name), { recursive: true, verbatimSymlinks: true });
  rmSync(to, { recursive: true, force: true });
  renameSync(fresh, to);
  return to;
}

function link({ path, target }: Of<'link'>, way: Way, manifest: Manifest): string | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink() && readlinkSync(path) === target) return null;
  if (stat?.isDirectory()) throw new Stop(SOAK_EXIT.CONFIG, `${path}: is a folder; valid: nothing, a file or a link`);
  const made = madeAt(manifest, 'link', path);
  const ours = made !== undefined && stat?.isSymbolicLink() && readlinkSync(path) === made.target;
  const backup = stat === undefined || ours ? null : backedUp(path, way);
  way.say(`link     ${path} -> ${target}`);
  record(manifest, made, { kind: 'link', path, target, backup: made?.backup ?? backup });
  if (way.dryRun) return path;
  rmSync(`${path}.new`, { force: true });
  symlinkSync(target, `${path}.new`);
  renameSync(`${path}.new`, path);
  return path;
}

function file({ path, text, mode, keep, own }: Of<'file'>, way: Way, manifest: Manifest): string | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  const now = stat === undefined ? null : existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
  if (now !== null && (keep || now.equals(Buffer.from(text)))) return null;
  const made = madeAt(manifest, 'file', path);
  const ours = now !== null && made?.sha256 === sha256(now);
  const backup = now === null || ours ? null : backedUp(path, way);
  way.say(`file     ${path} (${text.length} bytes${now === null ? '' : ', replaced'})`);
  if (!keep) record(manifest, made, { kind: 'file', path, sha256: sha256(text), backup: made?.backup ?? backup });
  if (way.dryRun) return path;
  if (stat?.isSymbolicLink()) rmSync(path);
  replaceFile(path, text);
  chmodSync(path, mode);
  if (own) chown(path, way);
  return path;
}

function record(manifest: Manifest, old: Made | undefined, entry: Made): void {
  if (old === undefined) manifest.made.push(entry);
  else Object.assign(old, entry);
}

/** What stands at a path that is not ours, kept under the home by its content or its time. */
function backedUp(path: string, { layout, dryRun, say }: Way): string {
  const folder = join(layout.home, 'backups');
  const to = join(folder, `${basename(path)}.${new Date().toISOString().replace(/[:.]/g, '-')}`);
  say(`backup   ${path} as ${to}`);
  if (dryRun) return to;
  mkdirSync(folder, { recursive: true });
  cpSync(path, to, { verbatimSymlinks: true, preserveTimestamps: true });
  return to;
}
