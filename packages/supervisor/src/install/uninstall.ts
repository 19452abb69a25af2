import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, lstatSync, readFileSync, readlinkSync, renameSync, rmdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { groupExists, userExists } from './declared.ts';
import { dropped, droppedDigest, droppedEmpty } from './dropped.ts';
import { ENGINE, FLEET_UNITS, manifestPath, SOAK_UNITS, SUPERVISOR } from './layout.ts';
import { runs, type Way } from './making.ts';
import { loadManifest, type Made, removeManifest } from './manifest.ts';
import { sha256 } from './place.ts';

/** What lies here belongs to the running system, not to its data: it is emptied before its folder goes. */
const RUNTIME = '/run/hybrid-soak';

/**
 * Removes exactly what the manifest says was made, in reverse, and restores what was replaced. What was edited since, the
 * configuration and the data stay. False if there is no manifest.
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
    // Backups and the manifest are in the home: its folders go after them. Accounts go when their folders have gone.
    if (made.kind === 'folder' || made.kind === 'account' || made.kind === 'group') last.push(made);
    else remove(made, way);
  }
  const reload = runs([...systemctl, 'daemon-reload'], way);
  for (const folder of layout.caches) removeOwned(folder, way);
  if (!dryRun) {
    reload();
    removeManifest(path);
    for (const folder of ['backups', 'releases'].map((name) => join(layout.home, name))) removeEmpty(folder);
  }
  for (const made of last) if (made.kind === 'folder') removeFolder(made.path, way);
  for (const made of last) if (made.kind !== 'folder') remove(made, way);
  return true;
}

function stopUnits(made: Made[], systemctl: string[], way: Way): void {
  const there = made.flatMap((entry) => (entry.kind === 'file' && existsSync(entry.path) ? [entry.path] : []));
  const isThere = (name: string) => there.includes(join(way.layout.units, name));
  const plain = [ENGINE, ...SOAK_UNITS, ...FLEET_UNITS].filter((name) => !name.includes('@') && isThere(name));
  if (plain.length === 0) return;
  const templates = isThere('soak@.service') ? [runs([...systemctl, 'stop', 'soak@*.service'], way)] : [];
  const stop = runs([...systemctl, 'disable', '--now', ...plain.toReversed()], way);
  if (way.dryRun) return;
  for (const stopAll of templates) stopAll();
  stop();
}

function remove(made: Exclude<Made, { kind: 'folder' }>, way: Way): void {
  switch (made.kind) {
    case 'account':
    case 'group':
      removeAccount(made, way);
      break;
    case 'release':
      removeTree(made.path, way);
      // A copy that an interrupted run had begun.
      if (!way.dryRun) rmSync(`${made.path}.new`, { recursive: true, force: true });
      break;
    case 'seed':
      removeSeed(made, way);
      break;
    case 'link':
    case 'file':
      // Up to 0.1.0 the configuration was recorded as a file; it belongs to another account.
      if (made.kind === 'file' && way.layout.system !== null && made.path.startsWith(`${way.layout.state}/`))
        removeSeed({ ...made, kind: 'seed' }, way);
      else restore(made, way);
      break;
    default:
      made satisfies never;
  }
}

/** As the supervisor's account, in whose folder it is. */
function removeSeed({ path, sha256: made }: Extract<Made, { kind: 'seed' }>, { dryRun, say }: Way): void {
  const now = droppedDigest(SUPERVISOR, path);
  if (now === null) return;
  if (now !== made) return void say(`stays    ${path}: edited since`);
  say(`remove   ${path}`);
  if (!dryRun) dropped(SUPERVISOR, ['rm', '-f', '--', path]);
}

function removeTree(path: string, { dryRun, say }: Way): void {
  say(`remove   ${path}`);
  if (!dryRun) rmSync(path, { recursive: true, force: true });
}

/** A folder of another account, in a folder of root: emptied by its owner. */
function removeOwned(path: string, way: Way): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined || !stat.isDirectory()) return;
  if (stat.uid === process.getuid?.()) return void removeTree(path, way);
  way.say(`remove   ${path}`);
  if (way.dryRun) return;
  droppedEmpty(stat, path);
  removeEmpty(path);
}

/** A path that was edited since is left alone, and its backup too. */
function restore(made: Extract<Made, { kind: 'link' | 'file' }>, { dryRun, say }: Way): void {
  const { path, backup } = made;
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (isRestored(made)) {
    if (backup !== null && !dryRun) rmSync(backup, { force: true });
    return;
  }
  if (stat !== undefined && !isOurs(made, stat.isSymbolicLink())) {
    say(`stays    ${path}: edited since${backup === null ? '' : `; its earlier content: ${backup}`}`);
    return;
  }
  say(backup === null ? `remove   ${path}` : `restore  ${path} from ${backup}`);
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

/** The earlier content is there: an interrupted install had not replaced it yet, or an interrupted uninstall had restored it. */
function isRestored({ path, backup }: Extract<Made, { kind: 'link' | 'file' }>): boolean {
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

function removeFolder(path: string, way: Way): void {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return;
  const runtime = path === RUNTIME || path.startsWith(`${RUNTIME}/`);
  if (way.dryRun) return void way.say(`remove   ${path} if it is empty`);
  if (runtime && stat.uid !== 0) droppedEmpty(stat, path);
  way.say(removeEmpty(path) ? `remove   ${path}` : `stays    ${path} (not empty)`);
}

/** rmdir(2) follows no link, and refuses a folder that holds anything: no need to look first. */
function removeEmpty(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    return errorCode(error) === 'ENOENT';
  }
}

/** As long as its data stays, the account stays: files of nobody would be the next account's. */
function removeAccount(
  { kind, name }: Extract<Made, { kind: 'account' | 'group' }>,
  { layout, dryRun, say }: Way,
): void {
  if (!(kind === 'group' ? groupExists(name) : userExists(name))) return;
  if (existsSync(layout.state)) return void say(`stays    ${kind} ${name}: of ${layout.state}`);
  const command = kind === 'group' ? 'groupdel' : 'userdel';
  say(`run      ${command} ${name}`);
  if (!dryRun) spawnSync(command, [name]);
}
