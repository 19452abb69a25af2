import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';

const ROOT = resolve(import.meta.dirname, '../..');
/** Where releases are in a machine. */
export const RELEASES = '/srv/releases';
/** Versions of this checkout, to upgrade from one to the other. */
export const VERSIONS = ['0.1.8', '0.1.9'] as const;

export interface Built {
  /** The release's folder, and its `soak`, as a sandbox machine sees them. */
  folder: string;
  soak: string;
  /** Its Debian package. */
  deb: string;
}

/** Builds this checkout as a release of that version into a folder that machines see as RELEASES; once for all that share it. */
export function buildRelease(releases: string, version: (typeof VERSIONS)[number]): Built {
  const there = join(releases, version);
  if (!existsSync(there)) {
    mkdirSync(releases, { recursive: true });
    const out = mkdtempSync(join(releases, `${version}.`));
    const args = ['--arch', process.arch, '--version', version, '--out', out, '--only', 'deb', '--quick'];
    const { status, stderr } = spawnSync(process.execPath, ['ops/packaging/build.ts', ...args], {
      cwd: ROOT,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`the release could not be built: ${stderr}`);
    chmodSync(out, 0o755);
    appear(out, there);
  }
  const inside = `${RELEASES}/${version}`;
  const folder = `${inside}/${nameOf(version)}`;
  return {
    folder,
    soak: `${folder}/bin/soak`,
    deb: `${inside}/hybrid-soak_${version}_${process.arch === 'x64' ? 'amd64' : 'arm64'}.deb`,
  };
}

const nameOf = (version: string) => `hybrid-soak-${version}-linux-${process.arch}`;

/** The first release's folder as this side sees it. */
export const firstRelease = (releases: string): string => join(releases, VERSIONS[0], nameOf(VERSIONS[0]));

/** Another process may have built the same meanwhile: its folder stays, since machines may use it. */
function appear(out: string, there: string): void {
  try {
    renameSync(out, there);
  } catch (error) {
    if (!existsSync(there)) throw error;
    rmSync(out, { recursive: true });
  }
}

/** `node test/systemd/release.ts FOLDER`, by what runs the tests: builds the first one. */
if (import.meta.main) buildRelease(process.argv[2] ?? '', VERSIONS[0]);
