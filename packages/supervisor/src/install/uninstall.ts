import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmdirSync,
  rmSync,
} from 'node:fs';
import { join } from 'node:path';
import { runs, sha256, type Way } from './install.ts';
import { ENGINE, manifestPath } from './layout.ts';
import { loadManifest, type Made, removeManifest } from './manifest.ts';

/**
 * Takes away exactly what the manifest says was made, in reverse, and puts back what was replaced. What was edited since,
 * the configuration and the data stay. False where there is no manifest.
 */
export function uninstall(way: Way): boolean {
  const { layout, dryRun } = way;
  const path = manifestPath(layout);
  const manifest = loadManifest(path);
  if (manifest === null) return false;
  const systemctl = layout.scope === 'user' ? ['systemctl', '--user'] : ['systemctl'];
  stopUnits(manifest.made, systemctl, way);
  const last: Made[] = [];
  for (const made of manifest.made.toReversed()) {
    // Backups and the manifest stand in the home: their folders go when they have gone.
    if (made.kind === 'folder' || made.kind === 'account') last.push(made);
    else takeAway(made, way);
  }
  const reload = runs([...systemctl, 'daemon-reload'], way);
  for (const cache of layout.caches.filter((folder) => existsSync(folder))) removeTree(cache, way);
  if (!dryRun) {
    reload();
    removeManifest(path);
    for (const folder of ['backups', 'releases'].map((name) => join(layout.home, name))) removeEmpty(folder);
  }
  for (const made of last) takeAway(made, way);
  return true;
}

function stopUnits(made: Made[], systemctl: string[], way: Way): void {
  const there = made.flatMap((entry) => (entry.kind === 'file' && existsSync(entry.path) ? [entry.path] : []));
  const ours = ['soak.service', ENGINE].filter((name) => there.includes(join(way.layout.units, name)));
  if (ours.length === 0) return;
  const stop = runs([...systemctl, 'disable', '--now', ...ours], way);
  if (!way.dryRun) stop();
}

function takeAway(made: Made, way: Way): void {
  switch (made.kind) {
    case 'account':
      removeAccount(made.name, way);
      break;
    case 'folder':
      removeFolder(made.path, way);
      break;
    case 'release':
      removeTree(made.path, way);
      // A copy that an interrupted run had begun.
      if (!way.dryRun) rmSync(`${made.path}.new`, { recursive: true, force: true });
      break;
    case 'link':
    case 'file':
      putBack(made, way);
      break;
    default:
      made satisfies never;
  }
}

function removeTree(path: string, { dryRun, say }: Way): void {
  say(`remove   ${path}`);
  if (!dryRun) rmSync(path, { recursive: true, force: true });
}

/** A path that somebody has changed since is left alone; its backup stays where it is. */
function putBack(made: Extract<Made, { kind: 'link' | 'file' }>, { dryRun, say }: Way): void {
  const { path, backup } = made;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (isPutBack(made)) {
    if (backup !== null && !dryRun) rmSync(backup, { force: true });
    return;
  }
  if (stat !== undefined && !isOurs(made, stat.isSymbolicLink())) {
    say(`stays    ${path}: edited since${backup === null ? '' : `; what stood there before: ${backup}`}`);
    return;
  }
  say(backup === null ? `remove   ${path}` : `put back ${path} from ${backup}`);
  if (dryRun) return;
  if (backup === null) {
    rmSync(path, { force: true });
    return;
  }
  rmSync(`${path}.new`, { force: true });
  cpSync(backup, `${path}.new`, { verbatimSymlinks: true, preserveTimestamps: true });
  renameSync(`${path}.new`, path);
  rmSync(backup);
}

/** What stood there before stands there: an interrupted install never came to replace it, or an uninstall had begun. */
function isPutBack({ path, backup }: Extract<Made, { kind: 'link' | 'file' }>): boolean {
  if (backup === null) return false;
  if (!lstatSync(backup, { throwIfNoEntry: false })) return true;
  return contentOf(path) === contentOf(backup);
}

function contentOf(path: string): string | null {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return null;
  return stat.isSymbolicLink() ? `-> ${readlinkSync(path)}` : sha256(readFileSync(path));
}

function isOurs(made: Extract<Made, { kind: 'link' | 'file' }>, isLink: boolean): boolean {
  if (made.kind === 'link') return isLink && readlinkSync(made.path) === made.target;
  return !isLink && sha256(readFileSync(made.path)) === made.sha256;
}

function removeFolder(path: string, { dryRun, say }: Way): void {
  if (!existsSync(path)) return;
  const full = readdirSync(path).length > 0 && !dryRun;
  say(full ? `stays    ${path} (not empty)` : `remove   ${path}${dryRun ? ' where it is empty' : ''}`);
  if (!dryRun) removeEmpty(path);
}

function removeEmpty(path: string): void {
  if (existsSync(path) && readdirSync(path).length === 0) rmdirSync(path);
}

/** As long as its data stays, the account stays: files of nobody would be the next account's. */
function removeAccount(name: string, { layout, dryRun, say }: Way): void {
  if (existsSync(layout.state)) {
    say(`stays    account ${name}: it owns ${layout.state}`);
    return;
  }
  say(`run      userdel ${name}`);
  if (!dryRun) spawnSync('userdel', [name]);
}
