import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Addons } from './bundle.ts';

export const ARCHITECTURES = ['x64', 'arm64'] as const;
export type Architecture = (typeof ARCHITECTURES)[number];

/** What differs by architecture: files by path, and the name that Debian gives it. */
export interface Platform {
  arch: Architecture;
  debian: 'amd64' | 'arm64';
  node: string;
  addons: Addons;
}

const KOFFI = '@koromix/koffi-linux-';

/** The files for `arch`: from node_modules for this machine's own, else fetched from npm as the lockfile pins them. */
export function platform(root: string, cache: string, arch: Architecture): Platform {
  const from = createRequire(join(root, 'packages/engine/package.json'));
  const sqlite = join(dirname(from.resolve('better-sqlite3/package.json')), 'prebuilds', `linux-${arch}.node`);
  const node = join(folderOf(root, cache, `node-linux-${arch}`), 'bin/node');
  const koffi = join(folderOf(root, cache, `${KOFFI}${arch}`), `linux_${arch}`, 'koffi.node');
  for (const path of [sqlite, node, koffi]) if (!existsSync(path)) throw new Error(`${path}: missing from its package`);
  return { arch, debian: arch === 'x64' ? 'amd64' : 'arm64', node, addons: { sqlite, koffi } };
}

/** The folder of a package that pnpm installed, or that is fetched. */
function folderOf(root: string, cache: string, name: string): string {
  const pinned = pin(root, name);
  const installed = join(
    root,
    'node_modules/.pnpm',
    `${name.replace('/', '+')}@${pinned.version}`,
    'node_modules',
    name,
  );
  if (existsSync(installed)) return installed;
  const fetched = join(cache, `${name.replace('/', '+')}@${pinned.version}`);
  if (!existsSync(fetched)) fetchPackage(cache, fetched, name, pinned);
  return join(fetched, 'package');
}

interface Pin {
  version: string;
  /** Subresource integrity: `sha512-` and base64. */
  integrity: string;
}

/** Version and integrity of a package in the lockfile. */
function pin(root: string, name: string): Pin {
  const lock = readFileSync(join(root, 'pnpm-lock.yaml'), 'utf8');
  const quoted = name.replace(/[/]/g, '\\/');
  const found = new RegExp(`^  '?${quoted}@([^':]+)'?:\\n    resolution: \\{integrity: (\\S+?)[,}]`, 'm').exec(lock);
  if (found === null) throw new Error(`pnpm-lock.yaml: no ${name}; valid: a lockfile that pins it`);
  return { version: found[1] as string, integrity: found[2] as string };
}

/** `npm pack` into a folder of its own; its digest must be the lockfile's before anything is unpacked. */
function fetchPackage(cache: string, to: string, name: string, { version, integrity }: Pin): void {
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'fetch-'));
  try {
    must(work, 'npm', ['pack', '--silent', `${name}@${version}`]);
    const archive = join(work, readdirSync(work).find((file) => file.endsWith('.tgz')) ?? '');
    const digest = `sha512-${createHash('sha512').update(readFileSync(archive)).digest('base64')}`;
    if (digest !== integrity) throw new Error(`${name}@${version}: its digest is not the lockfile's`);
    must(work, 'tar', ['-xzf', archive]);
    rmSync(archive);
    renameSync(work, to);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Runs a command; throws with its own words if it fails. */
export function must(cwd: string, command: string, args: string[], env: NodeJS.ProcessEnv = process.env): void {
  const { status, error, stderr } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  if (error !== undefined) throw new Error(`${command}: ${error.message}; valid: ${command} on the PATH`);
  if (status !== 0) throw new Error(`${command} ${args[0] ?? ''}: exit code ${status}: ${stderr.trim().slice(-500)}`);
}
