import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { INSIDE } from '../../ops/sandbox/machine.ts';

const ROOT = resolve(import.meta.dirname, '../..');

export interface Built {
  /** The release's folder, and its `soak`, as a sandbox machine sees them. */
  folder: string;
  soak: string;
  /** Its Debian package; there if it was asked for. */
  deb: string;
  remove(): void;
}

/** Builds this checkout as a release of that version, where a sandbox machine can read it. */
export function buildRelease(version: string, only: 'folder' | 'deb' = 'folder'): Built {
  const dist = join(ROOT, 'data/dist');
  mkdirSync(dist, { recursive: true });
  const out = mkdtempSync(join(dist, 'test-'));
  const args = ['--arch', process.arch, '--version', version, '--out', out, '--only', only, '--quick'];
  const { status, stderr } = spawnSync(process.execPath, ['ops/packaging/build.ts', ...args], {
    cwd: ROOT,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`the release could not be built: ${stderr}`);
  const inside = out.replace(ROOT, INSIDE);
  const folder = `${inside}/hybrid-soak-${version}-linux-${process.arch}`;
  return {
    folder,
    soak: `${folder}/bin/soak`,
    deb: `${inside}/hybrid-soak_${version}_${process.arch === 'x64' ? 'amd64' : 'arm64'}.deb`,
    remove: () => rmSync(out, { recursive: true, force: true }),
  };
}
