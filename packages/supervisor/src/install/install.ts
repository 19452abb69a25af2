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
import { replaceFile } from '../adapters/replace-file.ts';
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

/**
 * Makes what is not so already, one step after another; true where anything changed. The manifest is written ahead of each
 * change, so that after an interruption a second run goes on, and uninstall knows of everything.
 */
export function install(steps: Step[], way: Way): boolean {
  const path = manifestPath(way.layout);
  const manifest: Manifest = loadManifest(path) ?? { v: 1, version: way.version, scope: way.layout.scope, made: [] };
  manifest.version = way.version;
  const making = { way, manifest, unfinished: manifest.pending ?? [] };
  let any = false;
  for (const step of steps) {
    const change = changeOf(step, making);
    if (change === null) continue;
    any = true;
    manifest.pending = [...(manifest.pending ?? []), change.at];
    change.record();
    if (way.dryRun) continue;
    saveManifest(path, manifest);
    change.act();
  }
  if (any && !way.dryRun) saveManifest(path, { ...manifest, pending: [] });
  return any;
}

export const sha256 = (text: string | Buffer): string => createHash('sha256').update(text).digest('hex');

interface Making {
  way: Way;
  manifest: Manifest;
  /** Paths that an interrupted run may have left half made. */
  unfinished: string[];
}

/** One change that a step needs. */
interface Change {
  /** The path, or the command. */
  at: string;
  /** Writes it down in the manifest. */
  record(): void;
  act(): void;
}

const nothing = () => {};

/** Null where it is so already. */
function changeOf(step: Step, making: Making): Change | null {
  switch (step.do) {
    case 'account':
      return account(step, making);
    case 'folder':
      return folder(step, making);
    case 'release':
      return release(step, making);
    case 'link':
      return link(step, making);
    case 'file':
      return file(step, making);
    case 'run': {
      // Pending from an interrupted run as well.
      if (!making.manifest.pending?.some((path) => path.startsWith(`${step.after}/`))) return null;
      return { at: step.command.join(' '), record: nothing, act: runs(step.command, making.way) };
    }
    default:
      return step satisfies never;
  }
}

type Of<K extends Step['do']> = Extract<Step, { do: K }>;

/** Says the command; the running of it, where such a systemd is there to hear it. */
export function runs(command: string[], { layout, say }: Way): () => void {
  const why = layout.scope === 'user' ? 'no systemd of this user runs' : 'no systemd runs here';
  const heard = existsSync(layout.managerAt);
  say(heard ? `run      ${command.join(' ')}` : `not run  ${command.join(' ')}: ${why}`);
  return heard ? () => run(command) : nothing;
}

/** Runs a command; throws Stop with its own words where it fails. */
function run(command: string[]): void {
  const [file, ...args] = command as [string, ...string[]];
  const { status, stderr, error } = spawnSync(file, args, { encoding: 'utf8', timeout: 60_000 });
  if (status === 0) return;
  throw new Stop(SOAK_EXIT.FAIL, `${command.join(' ')}: ${stderr?.trim() || error?.message || `exit code ${status}`}`);
}

function account({ name, home }: Of<'account'>, { way, manifest }: Making): Change | null {
  if (idOf('-u', name) !== null) return null;
  const shell = ['--no-create-home', '--home-dir', home, '--shell', '/usr/sbin/nologin'];
  const group = spawnSync('getent', ['group', name]).status === 0 ? ['--gid', name] : ['--user-group'];
  const command = ['useradd', '--system', ...group, ...shell, name];
  way.say(`account  ${name}: ${command.join(' ')}`);
  const known = manifest.made.some((made) => made.kind === 'account');
  return {
    at: name,
    record: () => void (known || manifest.made.push({ kind: 'account', name })),
    act: () => run(command),
  };
}

function idOf(flag: '-u' | '-g', name: string): number | null {
  const { status, stdout } = spawnSync('id', [flag, name], { encoding: 'utf8' });
  return status === 0 ? Number(stdout) : null;
}

function chown(path: string, { layout }: Way): void {
  if (layout.account === null) return;
  chownSync(path, idOf('-u', layout.account) ?? 0, idOf('-g', layout.account) ?? 0);
}

function folder({ path, mode, own }: Of<'folder'>, { way, manifest, unfinished }: Making): Change | null {
  if (existsSync(path) && !unfinished.includes(path)) return null;
  way.say(
    `folder   ${path} (${mode.toString(8)}${own && way.layout.account !== null ? `, ${way.layout.account}` : ''})`,
  );
  const absent = missing(path).filter((made) => madeAt(manifest, 'folder', made) === undefined);
  return {
    at: path,
    record: () => void manifest.made.push(...absent.map((made) => ({ kind: 'folder', path: made }) as const)),
    act() {
      mkdirSync(path, { recursive: true });
      chmodSync(path, mode);
      if (own) chown(path, way);
    },
  };
}

/** The folder and what is missing above it, the topmost first. */
function missing(path: string): string[] {
  return existsSync(path) ? [] : [...missing(dirname(path)), path];
}

function release({ from, to, digest }: Of<'release'>, { way, manifest, unfinished }: Making): Change | null {
  const made = madeAt(manifest, 'release', to);
  if (made?.digest === digest && existsSync(to) && !unfinished.includes(to)) return null;
  way.say(`release  ${to}: ${RELEASED.join(', ')} of ${from}`);
  return {
    at: to,
    record: () => record(manifest, made, { kind: 'release', path: to, digest }),
    act() {
      const fresh = `${to}.new`;
      rmSync(fresh, { recursive: true, force: true });
      mkdirSync(fresh);
      for (const name of RELEASED.filter((released) => existsSync(join(from, released))))
        cpSync(join(from, name), join(fresh, name), { recursive: true, verbatimSymlinks: true });
      rmSync(to, { recursive: true, force: true });
      renameSync(fresh, to);
    },
  };
}

function link({ path, target }: Of<'link'>, { way, manifest }: Making): Change | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isSymbolicLink() && readlinkSync(path) === target) return null;
  if (stat?.isDirectory()) throw new Stop(SOAK_EXIT.CONFIG, `${path}: is a folder; valid: nothing, a file or a link`);
  const made = madeAt(manifest, 'link', path);
  const ours = made !== undefined && stat?.isSymbolicLink() && readlinkSync(path) === made.target;
  const backup = stat === undefined || ours ? null : backedUp(path, way);
  way.say(`link     ${path} -> ${target}`);
  return {
    at: path,
    record: () => record(manifest, made, { kind: 'link', path, target, backup: made?.backup ?? backup }),
    act() {
      rmSync(`${path}.new`, { force: true });
      symlinkSync(target, `${path}.new`);
      renameSync(`${path}.new`, path);
    },
  };
}

function file({ path, text, mode, keep, own }: Of<'file'>, { way, manifest, unfinished }: Making): Change | null {
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
    record: () => record(manifest, made, { kind: 'file', path, sha256: sha256(text), backup: made?.backup ?? backup }),
    act() {
      if (stat?.isSymbolicLink()) rmSync(path);
      replaceFile(path, text);
      chmodSync(path, mode);
      if (own) chown(path, way);
    },
  };
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
