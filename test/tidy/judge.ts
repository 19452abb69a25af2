import ts from 'typescript';
import { cycles, type Import, importsOf, packagesOf } from './imports.ts';
import { sharedNames } from './names.ts';
import { globalUses, impurities, isPure, PURE_PACKAGES } from './pure.ts';
import { isInARoom, noSubcommand, whyNot } from './rooms.ts';
import { lineOf, type Manifest, packageOf, type Source, walk } from './sources.ts';

const LONGEST_FILE = 250;
const LONGEST_FUNCTION = 70;
/** Node's modules by which one can reach another host. */
const NETWORK = ['http', 'https', 'http2', 'net', 'tls', 'dgram', 'ws'];
const NETWORK_GLOBALS = / (fetch|WebSocket|EventSource|globalThis)$/;

/** The rules, each with what breaks it: one line a violation, empty if it is kept. */
export function judge(sources: Source[], manifests: Manifest[]): Record<string, string[]> {
  const imports = sources.flatMap(importsOf);
  return {
    'each file is in a room': sources.filter(({ path }) => !isInARoom(path)).map(({ path }) => `${path} is in no room`),
    'each file right in commands/ is a subcommand': sources.map(({ path }) => path).filter(noSubcommand),
    'each room imports only those that the table of ARCHITECTURE.md allows': strayImports(imports),
    'no file imports itself by way of others, type imports included': cycles(imports).map((circle) =>
      circle.join(' > '),
    ),
    'core and contract import nothing of Node, and only packages that compute': impureImports(imports),
    'core and contract have no clock, no randomness, no timers, no process': impureUses(sources),
    'each package names the packages that it imports, and no others': undeclared(imports, manifests),
    [`no file is longer than ${LONGEST_FILE} lines`]: longFiles(sources),
    [`no function is longer than ${LONGEST_FUNCTION} lines`]: longFunctions(sources),
    'no two packages export one name for two things': sharedNames(sources),
    'pressure is called stall time, never by the names of something else': misnamed(sources),
    'the engine connects in one file, listens in one, and has no other way to another host': senders(sources, imports),
  };
}

const strayImports = (imports: Import[]): string[] =>
  imports.flatMap((found) => {
    const why = whyNot(found);
    return why === null ? [] : [`${found.from} imports ${found.to}: ${why}`];
  });

const impureImports = (imports: Import[]): string[] =>
  imports
    .filter(({ from }) => isPure(from))
    .filter(({ to }) => !to.startsWith('packages/') && !PURE_PACKAGES.includes(to))
    .map(({ from, to }) => `${from} imports ${to}`);

const impureUses = (sources: Source[]): string[] =>
  sources
    .filter(({ path }) => isPure(path))
    .flatMap((source) => impurities(source).map(({ what, line }) => `${source.path}:${line} ${what}`));

function undeclared(imports: Import[], manifests: Manifest[]): string[] {
  return manifests.flatMap(({ path, dependencies = {}, optionalDependencies = {} }) => {
    const name = packageOf(path);
    if (name === '') return [];
    const named = { ...dependencies, ...optionalDependencies };
    const imported = packagesOf(name, imports);
    const unused = Object.keys(named).filter((dependency) => !imported.has(dependency));
    const missing = [...imported].filter((dependency) => !(dependency in named));
    return [
      ...unused.map((one) => `${path}: nothing imports ${one}`),
      ...missing.map((one) => `${path} does not name ${one}`),
    ];
  });
}

const longFiles = (sources: Source[]): string[] =>
  sources.filter(({ text }) => text.split('\n').length > LONGEST_FILE + 1).map(({ path }) => path);

function longFunctions(sources: Source[]): string[] {
  const found: string[] = [];
  for (const source of sources)
    walk(source.tree, (node) => {
      if (!ts.isFunctionLike(node)) return;
      const last = source.tree.getLineAndCharacterOfPosition(node.getEnd()).line + 1;
      const lines = last - lineOf(source, node) + 1;
      if (lines > LONGEST_FUNCTION) found.push(`${source.path}: ${nameOf(node)} has ${lines} lines`);
    });
  return found;
}

/** Its own name, or that of what it is assigned to. */
function nameOf(node: ts.SignatureDeclaration): string {
  const holder = node.name ?? (node.parent as ts.NamedDeclaration).name;
  return holder?.getText() ?? 'a function without a name';
}

const misnamed = (sources: Source[]): string[] =>
  sources.filter(({ text }) => /utili[sz]ation|CPU%|cpu_percent|load_?avg/i.test(text)).map(({ path }) => path);

/** No code can send an order: what opens a connection is one file of the feeds, what listens serves the metrics. */
function senders(sources: Source[], imports: Import[]): string[] {
  const engine = imports.filter(({ from, way }) => packageOf(from) === 'engine' && way !== 'type');
  const using = [
    ...new Set(engine.filter(({ to }) => NETWORK.includes(to.replace('node:', ''))).map(({ from }) => from)),
  ];
  const inFeeds = using.filter((path) => path.includes('/src/feeds/'));
  const inProcess = using.filter((path) => path.includes('/src/process/'));
  const stray = using.filter((path) => !inFeeds.includes(path) && !inProcess.includes(path));
  const globals = sources
    .filter(({ path }) => packageOf(path) === 'engine')
    .flatMap((source) => globalUses(source).map((node) => `${source.path} ${node.getText()}`))
    .filter((use) => NETWORK_GLOBALS.test(use));
  return [...(inFeeds.length > 1 ? inFeeds : []), ...(inProcess.length > 1 ? inProcess : []), ...stray, ...globals];
}
