import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import t from 'tap';

const ROOT = resolve(import.meta.dirname, '../..');
const ARCH = process.arch;
/** What `npm test` has built for the whole run, in another folder: of the same sources, version and time it has the same bytes. */
const OF_THE_RUN = process.env['TEST_RELEASE'];
const VERSION = /hybrid-soak-([\d.]+)-/.exec(OF_THE_RUN ?? '')?.[1] ?? '9.8.7';
const work = mkdtempSync(join(tmpdir(), 'hybrid-release-'));
t.teardown(() => rmSync(work, { recursive: true, force: true }));

/** Builds the release folder below `out`, as of a fixed time; the run's is as of the last commit. */
function build(out: string, ...flags: string[]) {
  const env = { ...process.env, ...(OF_THE_RUN === undefined ? { SOURCE_DATE_EPOCH: '1700000000' } : {}) };
  const args = ['ops/packaging/build.ts', '--arch', ARCH, '--version', VERSION, '--out', out, ...flags];
  return spawnSync(process.execPath, args, { cwd: ROOT, env, encoding: 'utf8' });
}

const filesOf = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));

const out = join(work, 'one');
const built = build(out, '--only', 'folder');
const release = join(out, `hybrid-soak-${VERSION}-linux-${ARCH}`);
const run = (program: string, ...args: string[]) =>
  spawnSync(join(release, 'bin', program), args, {
    cwd: work,
    env: { PATH: '/usr/bin:/bin', HOME: work, NODE_COMPILE_CACHE: join(work, 'compiled') },
    encoding: 'utf8',
  });

t.equal(built.status, 0, built.stderr);

t.test('a release is small: Node and 12 MB, 60 files, none of them a workshop', async (t) => {
  const files = filesOf(release);
  const bytes = files.reduce((sum, path) => sum + statSync(path).size, 0);
  const node = statSync(join(release, 'node')).size;
  t.ok(bytes <= node + 12_000_000, `${((bytes - node) / 1e6).toFixed(1)} MB beyond Node`);
  t.ok(files.length <= 60, `${files.length} files`);
  t.same(
    files.filter((path) => /\.ts$|node_modules|tsconfig|biome/.test(path.slice(release.length))),
    [],
  );
  const wide = files.filter((path) => path.endsWith('.mjs') && /[^\0-\x7f]/.test(readFileSync(path, 'utf8')));
  t.same(wide, [], 'V8 keeps their text in two bytes a character');
});

t.test('two builds in two folders are equal byte for byte, in names, modes and times too', async (t) => {
  const again = join(work, 'a/longer/path');
  if (OF_THE_RUN === undefined) t.equal(build(again, '--only', 'folder').status, 0);
  const listing = (folder: string) => {
    const look = ['-c', 'find . -printf "%p %m %T@ %y\\n" | sort; sha256sum SHA256SUMS'];
    return spawnSync('sh', look, { cwd: folder, encoding: 'utf8' }).stdout;
  };
  t.match(listing(release), /SHA256SUMS/);
  t.equal(listing(OF_THE_RUN ?? join(again, `hybrid-soak-${VERSION}-linux-${ARCH}`)), listing(release));
});

t.test('SHA256SUMS covers every file, and notices one that changed', async (t) => {
  const listed = readFileSync(join(release, 'SHA256SUMS'), 'utf8').trim().split('\n').length;
  t.equal(listed, filesOf(release).length - 1);
  const check = (folder: string) => spawnSync('sha256sum', ['-c', '--quiet', 'SHA256SUMS'], { cwd: folder }).status;
  t.equal(check(release), 0);
  const copy = join(work, 'copy');
  cpSync(release, copy, { recursive: true });
  appendFileSync(join(copy, 'lib/base.mjs'), '\n');
  t.not(check(copy), 0);
});

t.test('every program runs from the release alone, with the version it was built as', async (t) => {
  for (const program of ['soak', 'hybrid-engine', 'hybrid-feed', 'hybrid-fleet']) {
    const { status, stdout, stderr } = run(program, '--version');
    t.equal(status, 0, stderr);
    t.equal(stdout, `${VERSION}\n`);
    t.match(run(program, '--help').stdout, /Usage:/);
  }
  const commands = [...run('soak', '--help').stdout.matchAll(/^ {2}(\w+)/gm)].map(([, name]) => name as string);
  t.ok(commands.length > 10);
  for (const name of commands.filter((name) => name !== 'help'))
    t.match(run('soak', name, '--help').stdout, /Usage: soak/);
});

t.test("soak runs under the checkout's flags for each command, and keeps an ignored SIGHUP ignored", async (t) => {
  // In the place of Node, what was handed to it.
  const fake = '#!/bin/sh\necho "$SOAK_HANGUP_IGNORED" "$@"\n';
  const places = { released: 'bin/soak', checkout: 'packages/supervisor/bin/soak' };
  const folder = t.testdir({
    released: { bin: {}, node: fake },
    checkout: {
      packages: { supervisor: { bin: {} } },
      node_modules: { [`node-linux-${ARCH}`]: { bin: { node: fake } } },
    },
  });
  cpSync(join(release, 'bin/soak'), join(folder, 'released', places.released));
  cpSync(join(ROOT, places.checkout), join(folder, 'checkout', places.checkout));
  for (const path of ['released/node', `checkout/node_modules/node-linux-${ARCH}/bin/node`])
    chmodSync(join(folder, path), 0o755);
  const flagsOf = (place: keyof typeof places, args: string, trap = '') => {
    const script = `${trap} exec "$0" ${args}`;
    const { stdout, stderr } = spawnSync('/bin/sh', ['-c', script, join(folder, place, places[place])], {
      env: { PATH: '/usr/bin:/bin', HOME: work },
      encoding: 'utf8',
    });
    t.equal(stderr, '');
    return stdout.replace(/\S+\/(main\.ts|soak\.mjs)/, 'PROGRAM');
  };
  t.equal(flagsOf('released', '--version'), `${VERSION}\n`, 'no program is started for it');
  for (const args of ['', 'run -d 1s', 'status', 'replay x', 'compare x y'])
    t.equal(flagsOf('released', args), flagsOf('checkout', args), args);
  t.match(flagsOf('released', 'replay x'), /--max-semi-space-size=4 .*PROGRAM replay x/);
  t.match(flagsOf('released', 'run'), /^ .*--max-semi-space-size=1 .*PROGRAM run/);
  t.match(flagsOf('released', 'run', "trap '' HUP;"), /^1 /);
});

t.test("a start finds Node's own code compiled, and loads no module of Node for nothing", async (t) => {
  const node = join(release, 'node');
  const tag = (flags: string[]) =>
    spawnSync(node, [...flags, '-p', 'v8.cachedDataVersionTag()'], { encoding: 'utf8' }).stdout;
  const bare = tag([]);
  for (const name of ['hybrid-engine.service', 'soak.service', 'soak@.service']) {
    const unit = readFileSync(join(release, 'ops/systemd', name), 'utf8');
    const [, ...words] = /^ExecStart=(.*)$/m.exec(unit)?.[1]?.split(' ') ?? [];
    const flags = words.slice(
      0,
      words.findIndex((word) => !word.startsWith('--')),
    );
    t.ok(flags.length > 2, name);
    t.equal(tag(flags), bare, `${name}: V8 refuses compiled code under ${flags.join(' ')}`);
  }
  for (const file of readdirSync(join(release, 'lib')).filter((name) => name.endsWith('.mjs')))
    t.notMatch(readFileSync(join(release, 'lib', file), 'utf8'), /^(?:import[^;]*;)*import[^;]*from["'`]node:/, file);
  const asked = "process.on('exit', () => console.log(process.moduleLoadList.join()))";
  const checked = spawnSync(
    node,
    ['--import', `data:text/javascript,${asked}`, join(release, 'lib/hybrid-engine.mjs'), 'check-config'],
    { cwd: release, encoding: 'utf8' },
  );
  t.match(checked.stdout, /valid\n/, checked.stderr);
  t.notMatch(checked.stdout, /NativeModule (tls|child_process|internal\/deps\/undici)/, 'until they are needed');
});

t.test('a command whose code is in one file with its program does not wait for itself', async (t) => {
  writeFileSync(join(work, 'fleet.toml'), '[fleet]\nservers = ["127.0.0.1:9"]\nuser = "x"\n');
  t.match(run('hybrid-fleet', 'status', '--config', 'fleet.toml'), { status: 1, stderr: /refused/ });
  t.match(run('hybrid-feed', 'serve', 'nothing.jsonl'), { status: 1, stderr: /nothing\.jsonl/ });
});

t.test('an engine and a soak of it run from the release, and the report is drawn by the built page', async (t) => {
  const config = join(release, 'config/config.toml');
  const flags = ['-d', '6s', '--manager', 'embedded', '--psi-actions', 'off', '--calibrate', '0'];
  const ended = run(
    'soak',
    'run',
    ...flags,
    '--config',
    config,
    '--decisions',
    join(work, 'ops/d.jsonl'),
    '--report',
    join(work, 'r.html'),
  );
  t.match(ended.stdout, /rows written/, ended.stderr);
  const page = readFileSync(join(work, 'r.html'), 'utf8');
  t.match(page, /uPlot/);
  t.notMatch(page, /function startReport\(\): void/);
});

t.test('the bill of materials and the licences name what is inside', async (t) => {
  const bill = JSON.parse(readFileSync(join(release, 'sbom.cdx.json'), 'utf8')) as {
    bomFormat: string;
    specVersion: string;
    components: { name: string; version: string; licenses: unknown[] }[];
  };
  t.match(bill, { bomFormat: 'CycloneDX', specVersion: '1.6' });
  const names = bill.components.map(({ name }) => name);
  for (const name of ['better-sqlite3', `@koromix/koffi-linux-${ARCH}`, 'pino', 'uplot', 'ws', 'zod'])
    t.ok(names.includes(name), name);
  t.ok(names.some((name) => name.startsWith('node-linux-')));
  t.notOk(names.includes('tap'));
  const licences = readFileSync(join(release, 'LICENCES'), 'utf8');
  for (const { name, version } of bill.components) t.ok(licences.includes(`${name} ${version} (`), name);
});

t.test('flags that make no sense are refused in one line', async (t) => {
  for (const flags of [['--arch', 'mips'], ['--version', 'new'], ['--only', 'zip'], ['--nosuch']]) {
    const { status, stderr } = build(join(work, 'no'), ...flags);
    t.equal(status, 2);
    t.equal(stderr.trim().split('\n').length, 1, stderr);
  }
});
