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

const isOf = (folder) => (file) => file.startsWith(`${folder}/`);
const asked = process.argv.slice(2);
const files =
  asked.length === 0 ? testFiles('test') : asked.flatMap((name) => (name.endsWith('.ts') ? [name] : testFiles(name)));
const onMachines = files.filter(isOf('test/systemd'));
const others = files.filter((file) => !onMachines.includes(file));

/** One tap over some of the files; resolves with its exit code and its output, which is told as it comes or not at all. */
function tap(some, jobs, tell) {
  if (some.length === 0) return { code: 0, output: '' };
  const flags = ['--disable-coverage', '--allow-empty-coverage', '--reporter=tap', `--jobs=${jobs}`, '--timeout=600'];
  const child = spawn(bin('tap'), [...flags, ...some], { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (data) => {
    output += data;
    if (tell) process.stdout.write(data);
  });
  return new Promise((resolve) => child.once('close', (code) => resolve({ code: code ?? 1, output })));
}

/** The sums of tap's own totals, in its own words: `# { total: 39, pass: 37, fail: 1, skip: 1 }`. Read by `.ci/run`. */
function totals(outputs) {
  const lines = outputs.map((output) => output.match(/^# \{ total: .*\}$/gm)?.at(-1) ?? '');
  const sum = (key) => lines.reduce((all, line) => all + Number(new RegExp(`${key}: (\\d+)`).exec(line)?.[1] ?? 0), 0);
  return `# { ${['total', 'pass', 'fail', 'skip'].map((key) => `${key}: ${sum(key)}`).join(', ')} }`;
}

process.on('SIGINT', () => {});
// Those on machines of their own mostly wait, three minutes at the longest: side by side with the rest.
const both = await Promise.all([tap(others, 2, true), tap(onMachines, 4, others.length === 0)]);
if (others.length > 0) process.stdout.write(both[1].output);
if (others.length > 0 && onMachines.length > 0) process.stdout.write(`${totals(both.map(({ output }) => output))}\n`);
process.exitCode = Math.max(...both.map(({ code }) => code));
