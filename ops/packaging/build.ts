// `npm run build`: releases in data/dist, as tarballs and Debian packages. The same sources give the same bytes.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { completionsOf } from '@hybrid-soak/contract/completion.ts';
import { VERSION } from '@hybrid-soak/contract/version.ts';
import { ARCHITECTURES, type Architecture, platform } from './platform.ts';
import { tarball } from './tarball.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const USAGE = `Builds releases: a folder, a tarball and a Debian package for each architecture.

  npm run build -- [--arch x64|arm64] [--out DIR] [--version VERSION] [--only folder|tarball|deb] [--quick]

  --arch A       one architecture (default: both); the other one's Node is fetched as the lockfile pins it
  --out DIR      where to (default: data/dist)
  --version V    another version than the sources', for example to have one to upgrade from
  --only WHAT    the folder alone, or the folder and one form of it
  --quick        no compression, for tests

SOURCE_DATE_EPOCH is the time of every file (default: the last commit's).
Exit codes: 0 built, 1 failed, 2 usage.
`;

const flags = asked();
try {
  for (const arch of flags.archs) await build(arch);
} catch (error) {
  process.stderr.write(`${(error as Error).message}\n`);
  process.exitCode = 1;
}

async function build(arch: Architecture): Promise<void> {
  const { out, version, only, quick } = flags;
  const name = `hybrid-soak-${version}-linux-${arch}`;
  const folder = join(out, name);
  const epoch = sourceDate();
  const using = platform(ROOT, join(out, '.cache'), arch);
  const part = `${folder}.part`;
  mkdirSync(out, { recursive: true });
  // The bundler is loaded once something is built: a wrong option is answered without it.
  const { stage } = await import('./stage.ts');
  await stage(ROOT, part, version, using, epoch);
  rmSync(folder, { recursive: true, force: true });
  renameSync(part, folder);
  process.stdout.write(`${folder}\n`);
  if (only !== 'folder' && only !== 'deb') say(tarball(folder, epoch, quick));
  if (only === 'folder' || only === 'tarball') return;
  const [{ programs }, { debianPackage }] = await Promise.all([import('../programs.ts'), import('./deb.ts')]);
  const completions = new Map((await programs()).map((program) => [program.name(), completionsOf(program)]));
  say(debianPackage(folder, out, { version, arch: using.debian, epoch, quick, completions }));
}

function say(file: string): void {
  process.stdout.write(`${file}  ${(statSync(file).size / 1e6).toFixed(1)} MB\n`);
}

/** Seconds since 1970 that every file of a release bears (https://reproducible-builds.org/specs/source-date-epoch/). */
function sourceDate(): number {
  const asked = process.env['SOURCE_DATE_EPOCH'];
  if (asked !== undefined && /^\d+$/.test(asked)) return Number(asked);
  const { stdout } = spawnSync('git', ['log', '-1', '--format=%ct'], { cwd: ROOT, encoding: 'utf8' });
  return /^\d+$/.test(stdout?.trim() ?? '') ? Number(stdout) : 0;
}

function asked(): {
  archs: readonly Architecture[];
  out: string;
  version: string;
  only: string | undefined;
  quick: boolean;
} {
  const refuse = (what: string): never => {
    process.stderr.write(
      `${what}; valid: npm run build -- [--arch x64|arm64] [--out DIR] [--version V] [--only folder|tarball|deb]\n`,
    );
    process.exit(2);
  };
  const options = {
    arch: { type: 'string' },
    out: { type: 'string' },
    version: { type: 'string' },
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h' },
  } as const;
  const read = () => {
    try {
      return parseArgs({ options }).values;
    } catch (error) {
      return refuse((error as Error).message.split('\n')[0] ?? '');
    }
  };
  const { arch, out = join(ROOT, 'data/dist'), version = VERSION, only, quick, help } = read();
  if (help) {
    process.stdout.write(USAGE);
    process.exit(0);
  }
  const archs = arch === undefined ? ARCHITECTURES : ARCHITECTURES.filter((known) => known === arch);
  if (archs.length === 0) refuse(`--arch ${arch}`);
  if (!/^\d+\.\d+\.\d+(~?[\w.]+)?$/.test(version)) refuse(`--version ${version}`);
  if (only !== undefined && !['folder', 'tarball', 'deb'].includes(only)) refuse(`--only ${only}`);
  if (existsSync(out) && !statSync(out).isDirectory()) refuse(`--out ${out}: not a folder`);
  return { archs, out: resolve(out), version, only, quick };
}
