import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootMachine, type Furnished, type Machine, whyNoMachine } from '../../ops/sandbox/machine.ts';
import { ownerIsDead, runName } from '../harness/leftovers.ts';
import { type Built, buildRelease, RELEASES, VERSIONS } from './release.ts';

/** Compiled modules of commands in a machine: Node makes a folder in it for each account. */
const COMPILED = '/var/cache/hybrid-commands';
const ENV = { NODE_COMPILE_CACHE: COMPILED };

/** What the machines of a run share is made in this folder, once, by what runs the tests; or by a file that runs alone. */
const SHARED = 'TEST_MACHINES';

const releasesIn = (folder: string) => join(folder, 'releases');
const layerIn = (folder: string) => join(folder, 'layer');

/** The releases that machines see: the first is installed in each. */
export const releases = (): [Built, Built] => [built(VERSIONS[0]), built(VERSIONS[1])];

const built = (version: (typeof VERSIONS)[number]) => buildRelease(releasesIn(shared()), version);

let made: Promise<string> | undefined;

/** What a machine with the first release installed is made of. */
export async function furnished(): Promise<Furnished> {
  made ??= process.env[SHARED] === undefined ? prepare(shared()) : Promise.resolve(shared());
  const folder = await made;
  return { binds: { [RELEASES]: releasesIn(folder) }, layer: layerIn(folder), env: ENV };
}

const PREFIX = 'hybrid-machines-';

let own: string | undefined;
/** A file that runs alone and is killed leaves its folder: the next one removes it. */
function shared(): string {
  const folder = process.env[SHARED] ?? own;
  if (folder !== undefined) return folder;
  for (const name of readdirSync(tmpdir()).filter((name) => name.startsWith(PREFIX)))
    if (ownerIsDead(name.slice(PREFIX.length))) rmSync(join(tmpdir(), name), { recursive: true, force: true });
  const made = join(tmpdir(), `${PREFIX}${runName(process.pid)}`);
  mkdirSync(made);
  process.once('exit', () => rmSync(made, { recursive: true, force: true }));
  own = made;
  return made;
}

/**
 * Builds the release, and boots a machine in which it is installed, linked: a copy would be 120 MB in the memory of each
 * machine. What the installation has made becomes a layer for others, with the modules compiled by every account.
 */
export async function prepare(folder: string): Promise<string> {
  const first = buildRelease(releasesIn(folder), VERSIONS[0]);
  const machine = await bootMachine({
    binds: { [RELEASES]: releasesIn(folder) },
    env: ENV,
    install: [first.soak, 'install', '--link', first.folder],
  });
  try {
    mkdirSync(layerIn(folder), { recursive: true });
    copy(machine, ['etc', 'opt', 'usr', 'var/lib/hybrid-soak'], layerIn(folder));
    await compile(machine);
    copy(machine, ['var/cache'], layerIn(folder));
  } finally {
    await machine.close();
  }
  return folder;
}

/** What the machine has in those folders that this side has not. A file that it has removed is a device there: it stays. */
function copy(machine: Machine, folders: string[], to: string): void {
  const script = `cd "$1" && shift && find "$@" -type f -o -type d -o -type l | tar -c --no-recursion -T - | tar -x -C "$0"`;
  const ran = spawnSync('sh', ['-ec', script, to, join(machine.root, '../upper'), ...folders], { encoding: 'utf8' });
  if (ran.status !== 0) throw new Error(`the layer was not copied: ${ran.stderr}`);
}

/** What tests start is run once. Whether it succeeds is for them to say: what it leaves uncompiled costs time alone. */
async function compile(machine: Machine): Promise<void> {
  const run = (...command: string[]) => machine.run(command);
  await run('install', '-d', '-m', '1777', COMPILED);
  await run('systemctl', 'start', 'hybrid-engine.service');
  await run('systemctl', 'start', '--wait', 'soak@2s.service');
  for (const command of ['status', 'restore', 'doctor']) await run('soak', command);
  const short = ['-d', '2s', '--psi-actions', 'off', '--calibrate', '0', '--interval', '0.5s'];
  await run('soak', 'run', ...short, '--leave', 'stopped', '--report', '/root/report.html');
}

/** `node test/systemd/prepared.ts FOLDER`, by what runs the tests. */
if (import.meta.main) {
  const [, , folder = ''] = process.argv;
  if (whyNoMachine() === null) await prepare(folder);
  else process.exitCode = 1;
}
