import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { VERSION } from '@hybrid-soak/contract/version.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const FOLDER = join(ROOT, 'data/bench/release');
/** What a release is made of. */
const SOURCES = ['packages', 'ops', 'config', 'package.json', 'pnpm-lock.yaml'];

/** The release of this checkout: built the first time, and again whenever a source has changed. */
export const RELEASE = built();
export const NODE: string = join(RELEASE, 'node');
export const SOAK = join(RELEASE, 'bin/soak');

/** Flags of Node, program and environment, as the engine's unit has them. */
export const ENGINE: { flags: string[]; program: string; env: Record<string, string> } = (() => {
  const unit = readFileSync(join(RELEASE, 'ops/systemd/hybrid-engine.service'), 'utf8');
  const words = /^ExecStart=\S+ (.*)$/m.exec(unit)?.[1]?.split(' ') ?? [];
  return {
    flags: words.filter((word) => word.startsWith('--') && word !== '--config'),
    program: join(RELEASE, 'lib/hybrid-engine.mjs'),
    env: Object.fromEntries(
      [...unit.matchAll(/^Environment=(MALLOC_\w+)=(\S+)$/gm)].map(([, key, value]) => [key, value]),
    ),
  };
})();

function built(): string {
  const digest = digestOf(SOURCES);
  const release = join(FOLDER, digest);
  if (existsSync(release)) return release;
  rmSync(FOLDER, { recursive: true, force: true });
  mkdirSync(FOLDER, { recursive: true });
  process.stderr.write('building the release that is measured\n');
  const args = ['--arch', process.arch, '--out', FOLDER, '--only', 'folder', '--quick'];
  const { status, stderr } = spawnSync(process.execPath, ['ops/packaging/build.ts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the release could not be built: ${stderr}`);
  shareNode(join(FOLDER, `hybrid-soak-${VERSION}-linux-${process.arch}`, 'node'));
  renameSync(join(FOLDER, `hybrid-soak-${VERSION}-linux-${process.arch}`), release);
  return release;
}

/** One file for this process and those that are measured: private memory leaves out what several have mapped. */
function shareNode(node: string): void {
  const own = realpathSync(process.execPath);
  if (!readFileSync(own).equals(readFileSync(node))) return;
  rmSync(node);
  linkSync(own, node);
}

function digestOf(names: readonly string[]): string {
  const hash = createHash('sha256');
  const add = (path: string) => {
    const at = join(ROOT, path);
    if (!existsSync(at)) return;
    hash.update(`${path}\0`).update(readFileSync(at)).update('\0');
  };
  for (const name of names) {
    if (/\.(json|yaml)$/.test(name)) add(name);
    else for (const path of filesBelow(name)) add(path);
  }
  return hash.digest('hex').slice(0, 16);
}

/** Without what packages are installed into. */
function filesBelow(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = join(folder, entry.name);
      if (entry.isFile()) return [path];
      return entry.isDirectory() && entry.name !== 'node_modules' ? filesBelow(path) : [];
    });
}
