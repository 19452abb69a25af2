import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** Programs that are unpacked for the tests, not installed. */
export const PROGRAMS = resolve(import.meta.dirname, '../../node_modules/.cache/programs');

const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

/** Programs that tests use, and Debian's package of each. */
const WANTED = {
  'systemd-nspawn': 'systemd-container',
  'chromium-headless-shell': 'chromium-headless-shell',
  jq: 'jq',
  lnav: 'lnav',
  logrotate: 'logrotate',
  pkaction: 'polkitd',
  setfacl: 'acl',
  setfattr: 'attr',
  chattr: 'e2fsprogs',
  ip: 'iproute2',
  zstd: 'zstd',
  'nats-server': 'nats-server',
};

/** Does as well if the other cannot be had, which is tried once. */
const INSTEAD: Record<string, string> = { 'chromium-headless-shell': 'chromium' };
const tried = (command: string): string => resolve(PROGRAMS, `${command}.tried`);
const canBeSpared = (command: string): boolean =>
  INSTEAD[command] !== undefined && has(INSTEAD[command]) && existsSync(tried(command));

/** Only these files of a package: installed as a whole it would start a service on the machine. */
const UNPACKED = { promtool: 'prometheus' };

/** As root on Debian, missing ones are installed; elsewhere the tests that need them say why they are skipped. */
export function installMissing(): void {
  if (process.getuid?.() !== 0 || !has('apt-get')) return;
  const missing = (programs: Record<string, string>) => Object.entries(programs).filter(([command]) => !has(command));
  const wanted = missing(WANTED).filter(([command]) => !canBeSpared(command));
  const packages = wanted.map(([, name]) => name);
  const toUnpack = missing(UNPACKED);
  if (packages.length + toUnpack.length === 0) return;
  const names = [...packages, ...toUnpack.map(([command]) => command)];
  process.stderr.write(`installing ${names.join(', ')} for the tests\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: string[]) => spawnSync('apt-get', args, { stdio: ['ignore', 2, 'inherit'], env });
  apt('update', '-qq');
  // One by one: a package that this release of Debian lacks does not keep the others away.
  for (const name of packages) apt('install', '-y', '-qq', '--no-install-recommends', name);
  for (const [command, name] of toUnpack) unpack(command, name);
  for (const [command, other] of Object.entries(INSTEAD)) {
    if (!has(command) && !has(other)) apt('install', '-y', '-qq', '--no-install-recommends', other);
    mkdirSync(PROGRAMS, { recursive: true });
    writeFileSync(tried(command), '');
  }
}

function unpack(command: string, name: string): void {
  const script = `set -e; cd "$(mktemp -d)"; trap 'rm -rf "$PWD"' EXIT
    apt-get download -qq ${name}; dpkg-deb --fsys-tarfile ${name}_*.deb | tar -x ./usr/bin/${command}
    mkdir -p '${PROGRAMS}'; mv usr/bin/${command} '${PROGRAMS}/'`;
  spawnSync('sh', ['-c', script], { stdio: ['ignore', 'ignore', 'inherit'] });
}
