import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { gzipSync } from 'node:zlib';
import { SHELLS, type Shell } from '@hybrid-soak/contract/completion-script.ts';
import { must } from './platform.ts';
import { filesUnder, sums } from './stage.ts';

const DEBIAN = join(import.meta.dirname, 'debian');
const HOME = 'usr/lib/hybrid-soak';
const CONFIG = 'etc/hybrid-soak';

/** Where Debian wants what a release has below `ops`, by folder of the release. */
const PLACES: Record<string, string> = {
  'ops/systemd': 'lib/systemd/system',
  'ops/sysusers': 'usr/lib/sysusers.d',
  'ops/tmpfiles': 'usr/lib/tmpfiles.d',
  'ops/polkit': 'usr/share/polkit-1/rules.d',
  'ops/logrotate': 'etc/logrotate.d',
};

export interface Debian {
  version: string;
  /** Debian's name of the architecture. */
  arch: string;
  /** Seconds since 1970 of every file. */
  epoch: number;
  /** Without compression. */
  quick: boolean;
  /** By program. */
  completions: ReadonlyMap<string, Record<Shell, string>>;
}

const COMPLETIONS: Record<Shell, (program: string) => string> = {
  bash: (program) => `usr/share/bash-completion/completions/${program}`,
  zsh: (program) => `usr/share/zsh/vendor-completions/_${program}`,
  fish: (program) => `usr/share/fish/vendor_completions.d/${program}.fish`,
};

/** Makes the Debian package of a release folder in `out`. The same folder gives the same bytes. */
export function debianPackage(release: string, out: string, about: Debian): string {
  const { version, arch, epoch, quick } = about;
  const file = join(out, `hybrid-soak_${version}_${arch}.deb`);
  const tree = `${file}.tree`;
  rmSync(tree, { recursive: true, force: true });
  cpSync(release, join(tree, HOME), { recursive: true });
  for (const [from, to] of Object.entries(PLACES)) place(tree, from, to);
  for (const path of filesUnder(tree))
    if (/\.(service|conf|slice|rules)$/.test(path)) edit(join(tree, path), debianPaths);
  moveTo(tree, 'config', CONFIG);
  documents(tree, about);
  commands(tree);
  writeFileSync(join(tree, HOME, 'SHA256SUMS'), sums(join(tree, HOME)));
  control(tree, version, arch);
  settle(tree, epoch);
  const env = { ...process.env, SOURCE_DATE_EPOCH: String(epoch) };
  must(
    out,
    'dpkg-deb',
    ['--root-owner-group', ...(quick ? ['-Znone'] : ['-Zxz', '-z9']), '--build', tree, `${file}.part`],
    env,
  );
  renameSync(`${file}.part`, file);
  rmSync(tree, { recursive: true, force: true });
  return file;
}

/** Copies what is in a folder of the release; the program reads its own copy. */
function place(tree: string, from: string, to: string): void {
  const source = join(tree, HOME, from);
  if (existsSync(source)) cpSync(source, join(tree, to), { recursive: true });
}

function moveTo(tree: string, from: string, to: string): void {
  mkdirSync(dirname(join(tree, to)), { recursive: true });
  renameSync(join(tree, HOME, from), join(tree, to));
}

function edit(file: string, change: (text: string) => string): void {
  writeFileSync(file, change(readFileSync(file, 'utf8')));
}

/** The paths of an installation by hand become those of Debian. */
const debianPaths = (text: string): string =>
  text
    .replaceAll('/opt/hybrid-soak/current', `/${HOME}`)
    .replaceAll('--config config/config.toml', `--config /${CONFIG}/config.toml`)
    // tmpfiles.d does not touch a file of root in a folder of another account: postinst does.
    .replace(/^z \/var\/lib\/hybrid-soak\/config\/.*\n/gm, '')
    .replaceAll('/var/lib/hybrid-soak/config', `/${CONFIG}`);

/** Manual pages, completions, licences and the change log. */
function documents(tree: string, { version, epoch, completions }: Debian): void {
  const zipped = (path: string, text: string | Buffer) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), gzipSync(text, { level: 9 }));
  };
  const pages = join(tree, HOME, 'ops/man');
  for (const name of readdirSync(pages)) zipped(`usr/share/man/man1/${name}.gz`, readFileSync(join(pages, name)));
  rmSync(pages, { recursive: true });
  for (const [program, texts] of completions)
    for (const shell of SHELLS) {
      const path = join(tree, COMPLETIONS[shell](program));
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, texts[shell]);
    }
  mkdirSync(join(tree, 'usr/share/doc/hybrid-soak'), { recursive: true });
  writeFileSync(
    join(tree, 'usr/share/doc/hybrid-soak/copyright'),
    copyright(readFileSync(join(tree, HOME, 'LICENCES'), 'utf8')),
  );
  rmSync(join(tree, HOME, 'install'));
  const date = new Date(epoch * 1000).toUTCString().replace('GMT', '+0000');
  const entry = `hybrid-soak (${version}) stable; urgency=medium\n\n  * Release ${version}.\n\n -- The hybrid-soak authors <hybrid-soak@localhost>  ${date}\n`;
  zipped('usr/share/doc/hybrid-soak/changelog.gz', entry);
  mkdirSync(join(tree, 'usr/share/lintian/overrides'), { recursive: true });
  cpSync(join(DEBIAN, 'lintian-overrides'), join(tree, 'usr/share/lintian/overrides/hybrid-soak'));
}

/** The project's own licence, and where those of the parts inside stand. */
function copyright(licences: string): string {
  const own = licences.split(/\n-{80}\n/)[0]?.trim() ?? '';
  return `${own}\n\nThe licences of the packages that are inside: /${HOME}/LICENCES\n`;
}

function commands(tree: string): void {
  mkdirSync(join(tree, 'usr/bin'), { recursive: true });
  for (const name of readdirSync(join(tree, HOME, 'bin')))
    symlinkSync(`../lib/hybrid-soak/bin/${name}`, join(tree, 'usr/bin', name));
}

function control(tree: string, version: string, arch: string): void {
  const kib = filesUnder(tree).reduce((sum, path) => sum + Math.ceil(statSync(join(tree, path)).size / 1024), 0);
  mkdirSync(join(tree, 'DEBIAN'));
  const text = readFileSync(join(DEBIAN, 'control'), 'utf8');
  const filled = text.replace('@VERSION@', version).replace('@ARCH@', arch).replace('@SIZE@', String(kib));
  writeFileSync(join(tree, 'DEBIAN/control'), filled);
  const conffiles = filesUnder(tree).filter((path) => path.startsWith('etc/'));
  writeFileSync(join(tree, 'DEBIAN/conffiles'), conffiles.map((path) => `/${path}\n`).join(''));
  for (const script of ['postinst', 'prerm', 'postrm']) cpSync(join(DEBIAN, script), join(tree, 'DEBIAN', script));
}

/** Modes and times are set, never inherited. */
function settle(tree: string, epoch: number): void {
  const entries = readdirSync(tree, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (entry.isSymbolicLink()) continue;
    const path = join(entry.parentPath, entry.name);
    const name = relative(tree, path);
    const runs = entry.isDirectory() || /\/(bin\/[\w-]+|node)$|^DEBIAN\/(post|pre)/.test(name);
    chmodSync(path, runs ? 0o755 : 0o644);
    utimesSync(path, epoch, epoch);
  }
  chmodSync(tree, 0o755);
}
