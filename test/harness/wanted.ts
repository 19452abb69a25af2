import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';

/** Programs that are unpacked for the tests, not installed. */
export const PROGRAMS = resolve(import.meta.dirname, '../../node_modules/.cache/programs');

const has = (command: string): boolean => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

/** Programs that tests use, and Debian's package of each. */
const WANTED = {
  'systemd-nspawn': 'systemd-container',
  chromium: 'chromium',
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

/** Only these files of a package: installed as a whole it would start a service on the machine. */
const UNPACKED = { promtool: 'prometheus' };

/** As root on Debian, missing ones are installed; elsewhere the tests that need them say why they are skipped. */
export function installMissing(): void {
  if (process.getuid?.() !== 0 || !has('apt-get')) return;
  const missing = (programs: Record<string, string>) => Object.entries(programs).filter(([command]) => !has(command));
  const packages = missing(WANTED).map(([, name]) => name);
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
}

function unpack(command: string, name: string): void {
  const script = `set -e; cd "$(mktemp -d)"; trap 'rm -rf "$PWD"' EXIT
    apt-get download -qq ${name}; dpkg-deb --fsys-tarfile ${name}_*.deb | tar -x ./usr/bin/${command}
    mkdir -p '${PROGRAMS}'; mv usr/bin/${command} '${PROGRAMS}/'`;
  spawnSync('sh', ['-c', script], { stdio: ['ignore', 'ignore', 'inherit'] });
}
