// `npm test`: types, style, then every test. `npm test -- test/contract` runs a part.
// The tests against a real systemd need root and Debian's systemd-container, those of the pages Debian's chromium, that of the
// log format lnav: all three are installed when they are missing.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const bin = (name) => join(root, 'node_modules/.bin', name);
const has = (command) => spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;

function must(what, command, args) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
  if (status !== 0) {
    process.stderr.write(`${what} failed\n`);
    process.exit(1);
  }
}

/** As root on Debian, what some tests need is installed when it is missing; elsewhere those tests say why they are skipped. */
function installMissing() {
  if (process.getuid() !== 0 || !has('apt-get')) return;
  const packages = [
    ...(has('systemd-nspawn') ? [] : ['systemd-container']),
    ...(existsSync('/usr/bin/chromium') ? [] : ['chromium']),
    ...(has('lnav') ? [] : ['lnav']),
  ];
  if (packages.length === 0) return;
  process.stderr.write(`installing ${packages.join(' and ')} for the tests\n`);
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const options = { stdio: ['ignore', 2, 'inherit'], env };
  spawnSync('apt-get', ['update', '-qq'], options);
  for (const name of packages) spawnSync('apt-get', ['install', '-y', '-qq', '--no-install-recommends', name], options);
}

function testFiles(folder) {
  return readdirSync(join(root, folder), { recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join(folder, name))
    .sort();
}

must('the type check', bin('tsc'), ['-p', 'tsconfig.json']);
must('the lint check', bin('biome'), ['lint', '.']);
installMissing();

/** The longest begin first; the one that needs a calm host is last, and waits for the others. */
const FIRST = [
  'test/systemd/pressure.test.ts',
  'test/systemd/prove.test.ts',
  'test/engine/database.test.ts',
  'test/faults/faults.test.ts',
  'test/systemd/exits.test.ts',
  'test/systemd/stall.test.ts',
];
const LAST = ['test/systemd/engine-load.test.ts'];
const place = (file) => (FIRST.includes(file) ? 0 : LAST.includes(file) ? 2 : 1);

const asked = process.argv.slice(2);
const files =
  asked.length === 0 ? testFiles('test') : asked.flatMap((name) => (name.endsWith('.ts') ? [name] : testFiles(name)));
files.sort((a, b) => place(a) - place(b));
// Parsed by `.ci/run`: `# { total: 39, pass: 39 }` closes tap's own output.
const tap = spawn(
  bin('tap'),
  ['--disable-coverage', '--allow-empty-coverage', '--reporter=tap', '--jobs=4', '--timeout=600', ...files],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
process.on('SIGINT', () => {});
tap.once('exit', (code) => process.exit(code ?? 1));
