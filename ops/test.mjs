// `npm test`: types and style, then every test. `npm test -- FILE|FOLDER…` runs only those, at once.
// Run as root on Debian, the whole suite first installs the programs that some tests need and that are missing.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import t from 'tap';
import { cpuSecondsOf, kill, leftovers, ownerIsDead, RUN, runName } from '../test/harness/leftovers.ts';
import { installMissing, PROGRAMS } from '../test/harness/wanted.ts';
import { firstRelease } from '../test/systemd/release.ts';
import { removeDeadMachines } from './sandbox/leftovers.ts';

const root = resolve(import.meta.dirname, '..');
process.env.PATH = `${process.env.PATH}:${PROGRAMS}`;
/** Of a file; far more than any takes on a machine four times slower. */
const TIMEOUT_S = 900;
/** Of more files than this tap is made one module first. */
const MANY = 8;
/** What each measures is the pressure of the whole host, which the others make: one after another. */
const OF_THE_HOST = ['ladder', 'engine-load', 'pressure'].map((name) => `test/systemd/${name}.test.ts`);

/** The longest ones, begun first, so that none is still running when all others have ended. */
const FIRST = [
  ...OF_THE_HOST,
  'test/systemd/prove.test.ts',
  'test/systemd/prove-drift.test.ts',
  'test/systemd/release.test.ts',
  'test/systemd/as-found.test.ts',
  'test/systemd/install.test.ts',
  'test/systemd/account.test.ts',
  'test/systemd/prove-outage.test.ts',
  'test/systemd/exits.test.ts',
  'test/systemd/stall.test.ts',
  'test/systemd/upgrade.test.ts',
  // Those that mostly wait, beside those that compute. A name of STARTING is that group's.
  'test/faults/faults.test.ts',
  'test/sim/simulation.test.ts',
  'test/fleet/slow.test.ts',
  'test/supervisor/cli, r to t',
  'test/engine, configured',
  'test/fleet, with a server',
  'test/supervisor/cli, a to o',
  'test/fleet/trouble.test.ts',
  'test/engine, stored',
  'test/engine, waiting',
  'test/ops/start.test.ts',
  'test/engine/outage.test.ts',
  'test/engine/database.test.ts',
  'test/ops/release.test.ts',
  'test/engine/run.test.ts',
  'test/engine/outage-network.test.ts',
  'test/engine/feeds/replay/replay.test.ts',
  'test/supervisor/cli/replay.test.ts',
  'test/supervisor/cli/run.test.ts',
];

/** Short files that start no program: those of one group are one process, which loads tap and the sources once. */
const TOGETHER = {
  'test/contract': /^test\/contract\//,
  'test/engine/core': /^test\/engine\/core\//,
  'test/engine/feeds': /^test\/engine\/feeds\/(?!replay\/)/,
  'test/engine/store': /^test\/engine\/store\/(open|rows)\//,
  'test/fleet': /^test\/fleet\/(lines|merging|subject|tables)\./,
  'test/ops': /^test\/ops\/(compiled-early|pictures|polkit|runbook)\./,
  'test/report': /^test\/report\/(line-follower|read-log|runs|series|terminal|trends)\./,
  'test/supervisor/core': /^test\/supervisor\/core\//,
  'test/supervisor':
    /^test\/supervisor\/(adapters\/(clock|progress|sensors)|commands\/run\/thresholds|proofs|run|text)\b/,
};

/** The same of files that start programs: each group takes less than the longest of the others. */
const STARTING = {
  'test/engine, configured': /^test\/engine\/(config\/|pipeline\.|process\/(?!stuck))/,
  'test/engine, stored': /^test\/engine\/((earlier-system|lives|restart)\.|store\/(?!rows\/|open\/))/,
  'test/engine, waiting': /^test\/engine\/(frozen|vitals|process\/stuck)\./,
  'test/feed': /^test\/feed\//,
  'test/fleet, with a server':
    /^test\/fleet\/(archive|at-rest|dashboard|merge-input|merge|not-loaded|permissions|secrets|session-end|status)\./,
  'test/ops, its pages': /^test\/ops\/(ascii|bench|docs|grafana|lnav|man|prometheus)\./,
  'test/supervisor, with programs':
    /^test\/supervisor\/(adapters\/(config-writer|drop-root|files|lock|remembered-config|safe-open)|commands\/run\/metrics|recovery\/|unit\/)/,
  'test/supervisor/cli, a to o':
    /^test\/supervisor\/cli\/(bad-input|completion|doctor|explain|gone-readers|narrow|outside-text)\./,
  'test/supervisor/cli, r to t': /^test\/supervisor\/cli\/(records|report|runs|secrets|tail|terminal)\./,
};

/** Test files under a folder, or the one file, relative to the repository. */
function testFiles(name) {
  const path = resolve(root, name);
  if (!existsSync(path)) {
    process.stderr.write(`${name}: no such file or folder; valid: a test file, or a folder below test/\n`);
    process.exit(2);
  }
  if (!statSync(path).isDirectory()) return [relative(root, path)];
  return readdirSync(path, { recursive: true })
    .filter((file) => file.endsWith('.test.ts'))
    .map((file) => relative(root, join(path, file)))
    .sort((a, b) => rank(a) - rank(b) || (a < b ? -1 : 1));
}

const rank = (file) => (FIRST.includes(file) ? FIRST.indexOf(file) : FIRST.length);

/** Kills every process of this run, or of a run whose runner has died, and removes its folder and its machines. */
function sweep() {
  const isOver = (run) => run === runName(process.pid) || ownerIsDead(run);
  for (const { pid } of leftovers(isOver)) kill(pid);
  const folders = readdirSync(tmpdir()).filter((name) => name.startsWith(SCRATCH));
  for (const name of folders.filter((name) => isOver(name.slice(SCRATCH.length))))
    rmSync(join(tmpdir(), name), { recursive: true, force: true });
  removeDeadMachines();
}

/** A process that outlives this one, even if this one is killed, and then kills every process of the run. */
function watchdog() {
  const script = `cat; for e in /proc/[0-9]*/environ; do
    tr '\\0' '\\n' < $e 2>/dev/null | grep -qx '${RUN}=${runName(process.pid)}' && { e=\${e%/environ}; kill -9 \${e#/proc/}; }
  done`;
  const child = spawn('sh', ['-c', script], { cwd: '/', detached: true, stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  child.stdin.unref();
}

/** Of this run alone, and gone with it: modules compiled once for all processes, and what each file cost. */
const SCRATCH = 'hybrid-tests-';
const scratch = join(tmpdir(), `${SCRATCH}${runName(process.pid)}`);
const COSTS = join(scratch, 'costs');
const ENV = {
  ...process.env,
  TAP_TIMEOUT: String(TIMEOUT_S),
  [RUN]: runName(process.pid),
  NODE_COMPILE_CACHE: join(scratch, 'compiled'),
  TEST_COSTS: COSTS,
};

const MACHINES = join(scratch, 'machines');
const RELEASES = join(MACHINES, 'releases');

/** Builds the release whose programs the tests start: resolves with what tells a file of it; without it, the checkout's. */
async function prepareRelease() {
  const built = await runScript('test/systemd/release.ts', RELEASES);
  return built ? { TEST_RELEASE: firstRelease(RELEASES) } : {};
}

/** tap for a run of many files: resolves with what tells a file of it; without it, tap is as it was installed. */
async function prepareTap() {
  // Stacks of assertions leave out the frames of packages of this scope.
  const bundle = join(scratch, 'node_modules/@tapjs/tap/index.mjs');
  const made = await runScript('test/harness/bundle-tap.ts', bundle);
  return made ? { TEST_TAP: bundle } : {};
}

/** Then makes what all machines of the run share; if it fails, each file makes its own. */
async function prepareMachines(release) {
  const programs = await release;
  const made = await runScript('test/systemd/prepared.ts', MACHINES);
  return made ? { ...programs, TEST_MACHINES: MACHINES } : programs;
}

/** Whether it succeeded. */
function runScript(...command) {
  const options = { cwd: root, env: ENV, stdio: ['ignore', 'inherit', 'inherit'] };
  return new Promise((ended) => spawn(process.execPath, command, options).once('exit', (code) => ended(code === 0)));
}

// tap's own hook comes with NODE_OPTIONS, which every program that a test starts would inherit: a third of their CPU.
const OPTIONS = process.env.NODE_OPTIONS;
const WITHOUT_HOOK = ['env', ...(OPTIONS === undefined ? ['-u', 'NODE_OPTIONS'] : [`NODE_OPTIONS=${OPTIONS}`])];

/** Room for what dies young: a tenth of the CPU of a short file. */
const FLAGS = ['--min-semi-space-size=16', '--max-semi-space-size=64'];

/** A file, or those of a group, in a child process. */
async function runFiles(t, { name, files }, env) {
  const options = { name, buffered: true, timeout: TIMEOUT_S * 1000, cwd: root, env: { ...ENV, ...env } };
  const [command, ...args] = [...WITHOUT_HOOK, process.execPath, ...FLAGS, 'test/harness/file.ts', ...files];
  const result = await t.spawn(command, args, options);
  const seconds = ((result?.time ?? 0) / 1000).toFixed(1);
  process.stderr.write(`${result?.ok === false ? 'FAILED ' : ''}${name} ${seconds} s\n`);
}

/** What each process runs: all of a group whose files run together; one file. Short groups first, then by rank. */
function processesOf(files) {
  const groupsOf = (groups) =>
    Object.entries(groups).map(([name, of]) => ({ name, files: files.filter((file) => of.test(file)) }));
  const [first, others] = [TOGETHER, STARTING].map((groups) =>
    groupsOf(groups).filter(({ files }) => files.length > 0),
  );
  const grouped = new Set([...first, ...others].flatMap(({ files }) => files));
  const alone = files.filter((file) => !grouped.has(file)).map((file) => ({ name: file, files: [file] }));
  return [...first, ...[...others, ...alone].sort((a, b) => rank(a.name) - rank(b.name))];
}

/** So many processes run at a time. */
const JOBS = 9;

/** Of each lane at most so many at a time as it says, in order; those of the first lanes first. tap shows each as it ends. */
function runLanes(lanes) {
  return t.test('files', { jobs: JOBS, buffered: false }, async (t) => {
    t.setTimeout(0);
    const running = new Map(lanes.map((lane) => [lane, 0]));
    const next = () => lanes.find((lane) => lane.processes.length > 0 && running.get(lane) < lane.jobs);
    const worker = async () => {
      for (let lane = next(); lane !== undefined; lane = next()) {
        running.set(lane, running.get(lane) + 1);
        const one = lane.processes.shift();
        await runFiles(t, one, one.name in TOGETHER ? {} : await lane.env);
        running.set(lane, running.get(lane) - 1);
      }
    };
    await Promise.all(Array.from({ length: JOBS }, worker));
  });
}

/** With TEST_COSTS in the environment: the CPU time of the run and of its most expensive files. */
function printCosts() {
  const costs = existsSync(COSTS) ? readFileSync(COSTS, 'utf8').trim().split('\n').map(JSON.parse) : [];
  const most = costs.sort((a, b) => b.cpu_s - a.cpu_s).slice(0, Number(process.env.TEST_COSTS));
  process.stderr.write(`${cpuSecondsOf(process.pid).toFixed(0)} s of CPU\n`);
  for (const { file, cpu_s, time_s } of most)
    process.stderr.write(`${cpu_s.toFixed(1).padStart(6)} s of CPU, ${time_s.toFixed(0)} s of time: ${file}\n`);
}

/** Each assertion that failed, at any depth, once more at the end, where a reader of a long log begins. */
function printFailuresAtTheEnd() {
  const failures = [];
  t.parser.on('fail', ({ fullname, diag }) =>
    failures.push(`FAILED ${fullname.replace('TAP > files > ', '')}\n${said(diag)}`),
  );
  process.once('exit', () => process.stderr.write(failures.slice(0, 10).join('')));
}

/** Place, difference and own fields of a failed assertion, at most 20 lines; null: of a test that has not ended. */
function said(diagnostics) {
  const { at, diff = '', source: _source, stack: _stack, compare: _compare, ...fields } = diagnostics ?? {};
  const place = at === undefined ? [] : [`at ${at.fileName}:${at.lineNumber}`];
  const own = Object.keys(fields).length === 0 ? [] : [JSON.stringify(fields).slice(0, 1500)];
  const lines = [...place, ...own, ...diff.split('\n').filter((line) => line !== '')];
  return lines
    .slice(0, 20)
    .map((line) => `  ${line}\n`)
    .join('');
}

/** What the tests started has ended with them; what has not is named and killed. */
function nothingLeft() {
  return t.test('no process of this run is left', async (t) => {
    const mine = () => leftovers((run) => run === runName(process.pid));
    // A process that a test has just ended may take a moment.
    for (let look = 0; look < 600 && mine().length > 0; look++) await new Promise((done) => setTimeout(done, 100));
    t.same(mine(), []);
  });
}

const asked = process.argv.slice(2);
if (asked.length === 0) installMissing();
const files = (asked.length === 0 ? ['test'] : asked).flatMap(testFiles);
const ofTheHost = files.filter((file) => OF_THE_HOST.includes(file));
const onMachines = files.filter((file) => file.startsWith('test/systemd/') && !ofTheHost.includes(file));
const others = files.filter((file) => !onMachines.includes(file) && !ofTheHost.includes(file));

sweep(); // What an earlier run left that was killed.
mkdirSync(scratch);
process.once('exit', sweep);
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
])
  process.once(signal, () => process.exit(code));
watchdog();
t.setTimeout(0);
printFailuresAtTheEnd();
// What all files need is made meanwhile. The rules are a test of their own.
const checked = asked.length === 0 ? runScript('ops/check.mjs', '--without-rules') : true;
// Those on machines mostly wait: they fill what the others leave of the CPUs.
if (files.length > MANY) Object.assign(ENV, await prepareTap());
const release = asked.length === 0 || ofTheHost.length + onMachines.length > 0 ? prepareRelease() : {};
const machines = ofTheHost.length + onMachines.length > 0 ? prepareMachines(release) : {};
if (!(await checked)) process.exit(1);
await runLanes([
  { processes: processesOf(ofTheHost), jobs: 1, env: machines },
  { processes: processesOf(onMachines), jobs: 4, env: machines },
  { processes: processesOf(others), jobs: JOBS, env: release },
]);
await nothingLeft();
if (process.env.TEST_COSTS) printCosts();
