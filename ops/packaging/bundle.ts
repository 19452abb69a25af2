import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { completionsOf } from '@hybrid-soak/contract/completion.ts';
import { type Plugin, rolldown } from 'rolldown';
import { programs } from '../programs.ts';
import { ascii } from './ascii.ts';
import { seldomNeeded, withDirectBuiltIns } from './built-ins.ts';
import { compiledEarly } from './compiled-early.ts';
import { nativeAddons } from './native-addons.ts';
import { pageAssets } from './page.ts';
import { threads, writerThread } from './threads.ts';

/** Native addons for the wanted architecture, by path. They stand beside the bundles. */
export interface Addons {
  sqlite: string;
  koffi: string;
}

type Chunk = [name: string, modules: RegExp];

/** Entry points by the name of their bundle. Threads are added as the code names them. */
const PROGRAMS = {
  'hybrid-engine': 'packages/engine/src/main.ts',
  soak: 'packages/supervisor/src/main.ts',
  'hybrid-feed': 'packages/feed/src/main.ts',
  'hybrid-fleet': 'packages/fleet/src/main.ts',
};

/**
 * What is loaded together is one file: a command pays for its own code, and a release has few files. First match wins;
 * everything else is split along the dynamic imports.
 */
const CHUNKS: Chunk[] = [
  ['ws', /node_modules\/ws\//],
  // `soak status` as it is mostly called, without the parser of command lines.
  ['status', /supervisor\/src\/commands\/(status\/|account\/run-as)/],
  ['commander', /node_modules\/commander\/|supervisor\/src\/commands\/(options|status)\.ts/],
  ['sqlite', /node_modules\/better-sqlite3\/|addon:better_sqlite3|supervisor\/src\/adapters\/progress\.ts/],
  // What changes one value of a configuration; a soak that runs for weeks keeps it, and not the schemas.
  ['edit', /node_modules\/(toml-eslint-parser|eslint-visitor-keys)|packages\/contract\/src\/config-(edit|place)\.ts/],
  ['schemas', /node_modules\/(zod|@iarna)|packages\/contract\/src\//],
  // Its client loads https: a tenth of a second that only a soak or an engine with metrics pays.
  ['metrics', /node_modules\/@prometheus-io\/|engine\/src\/process\/(metrics|exposition)\.ts|report\/src\/metrics\//],
  // What the engine's threads share with it: the writer thread then loads neither ws nor pino.
  ['store', /packages\/engine\/src\/(core\/|store\/(?!check-copy-thread)|config\/(loaded|kept|read))/],
  // Before what only reads, which takes the core from here.
  ['run', /supervisor\/src\/commands\/(run|restore)\.ts/],
  [
    'look',
    /supervisor\/src\/commands\/(tail|report|replay|compare|dashboard|runs|explain)\.ts|supervisor\/src\/text\/(junit|policy)\.ts|packages\/report\/src\//,
  ],
  ['execa', /node_modules\/execa\//],
  ['prove', /supervisor\/src\/commands\/(install|completion|prove|prove-as|doctor|account\/root-parent)\.ts/],
  [
    'engine',
    /packages\/engine\/src\/(program|run|process|config\/temporary)|node_modules\/(pino|@pinojs|sonic-boom|thread-stream|safe-stable-stringify)/,
  ],
  ['feed', /packages\/feed\/src\//],
  ['fleet-page', /packages\/fleet\/src\/page\//],
  ['fleet', /packages\/fleet\/src\/|node_modules\/(@nats-io|hyparquet|hyparquet-writer|hysnappy)\//],
  // What a soak needs only on a terminal, whose emoji table takes a while to compile, or if it serves metrics.
  ['seldom', /supervisor\/src\/commands\/run\/metrics\.ts|node_modules\/log-update\//],
];

/** What `soak status` loads: its whole time is a start. */
const EARLY = ['soak.mjs', 'base.mjs', 'status.mjs', 'sqlite.mjs'];

/** Bundles the programs of the checkout at `root` into `out`. The same input gives the same bytes. Returns what is inside. */
export async function bundle(root: string, out: string, addons: Addons): Promise<string[]> {
  mkdirSync(out, { recursive: true });
  copyFileSync(addons.sqlite, join(out, 'better_sqlite3.node'));
  copyFileSync(addons.koffi, join(out, 'koffi.node'));
  const build = await rolldown({
    cwd: root,
    input: PROGRAMS,
    platform: 'node',
    // Grouped with what imports it statically: meant so.
    checks: { ineffectiveDynamicImport: false },
    preserveEntrySignatures: false,
    plugins: [
      nativeAddons(),
      made('packages/report/src/page-assets.ts', await pageAssets(root)),
      made('packages/supervisor/src/install/built-completions.ts', await completions()),
      utilInspect(),
      seldomNeeded(),
      threads(),
    ],
  });
  const { output } = await build.generate({
    format: 'esm',
    entryFileNames: '[name].mjs',
    chunkFileNames: '[name].mjs',
    comments: false,
    minifyInternalExports: false,
    minify: { compress: true, mangle: false, codegen: true },
    codeSplitting: {
      groups: chunks(root).map(([name, test], at, all) => ({ name, test, priority: all.length - at })),
    },
  });
  await build.close();
  const files = output.filter((chunk) => chunk.type === 'chunk');
  const bundled = new Map(files.map(({ fileName, code }) => [fileName, withDirectBuiltIns(code)]));
  for (const [name, code] of joined(withoutFacades(bundled)))
    writeFileSync(join(out, name), ascii(EARLY.includes(name) ? compiledEarly(code) : code));
  const thread = await writerThread(root);
  writeFileSync(join(out, thread.name), ascii(thread.code));
  const inputs = new Set([...files.flatMap(({ moduleIds }) => moduleIds), ...thread.inputs]);
  return [...inputs].map((path) => relative(root, path)).sort();
}

/** What the engine needs to start the thread of its writer: nothing else is loaded before that. */
const FIRST = ['process/hangup', 'process/at-most-every', 'store/thread', 'store/beat'];

/** What of the contract needs no schema library comes first: every program loads it. */
const chunks = (root: string): Chunk[] => [
  [
    'base',
    new RegExp(
      `packages/contract/src/(${light(join(root, 'packages/contract/src')).join('|')})$|supervisor/src/stop\\.ts$|engine/src/(${FIRST.join('|')})\\.ts$`,
    ),
  ],
  ...CHUNKS,
];

/** The files of a folder that import nothing but each other. */
function light(folder: string): string[] {
  const names = readdirSync(folder).filter((name) => name.endsWith('.ts'));
  const imports = new Map(names.map((name) => [name, importsOf(readFileSync(join(folder, name), 'utf8'))]));
  const isLight = (name: string): boolean =>
    (imports.get(name) ?? []).every((from) => from.startsWith('./') && isLight(from.slice(2)));
  return names.filter(isLight);
}

const importsOf = (text: string): string[] =>
  [...text.matchAll(/^(?:import (?!type )|export \{|\} )[^'"]*from '([^']+)'/gm)].map(([, from]) => from as string);

const FACADE = /^export\{[\w$,]+\}from["'`]\.\/([\w-]+\.mjs)["'`];?\s*$/;

/** A file that only calls what another exports, to make its default: a CommonJS module that is loaded by `import()`. */
const MAKER = /^import\{([\w$]+)\}from["'`]\.\/([\w-]+\.mjs)["'`];export default \1\(\);(?:export\{\};)?\s*$/;

/** A file that only hands on what another exports, under the same names: who imports it then imports the other. */
function withoutFacades(files: Map<string, string>): Map<string, string> {
  const behind = new Map<string, string>();
  for (const [name, code] of files) {
    const target = FACADE.exec(code)?.[1];
    if (target !== undefined) behind.set(name, target);
  }
  const made = new Map<string, string>();
  for (const [name, code] of files) {
    const [, make, from] = MAKER.exec(code) ?? [];
    if (from !== undefined) made.set(name, `import("./${from}").then(m=>({default:m.${make}()}))`);
  }
  const real = [...files].filter(([name, code]) => !behind.has(name) && !made.has(name) && code.trim() !== 'export{};');
  return new Map(
    real.map(([name, code]) => [
      name,
      code.replace(/\bimport\((["'`])\.\/([\w-]+\.mjs)\1\)/g, (whole, quote: string, to: string) =>
        behind.has(to) ? `import(${quote}./${behind.get(to)}${quote})` : (made.get(to) ?? whole),
      ),
    ]),
  );
}

const RUNTIME = 'rolldown-runtime.mjs';
/** A program that consists of one other file. */
const ENTRY = /^import["'`]\.\/([\w-]+\.mjs)["'`];(?:export\{\};)?\s*$/;

/** Files that are always loaded with another one become part of it: the bundler's helpers, and programs of one file. */
function joined(files: Map<string, string>): Map<string, string> {
  const into = new Map([[RUNTIME, 'base.mjs']]);
  for (const [name, code] of files) {
    const whole = ENTRY.exec(code)?.[1];
    if (whole !== undefined) into.set(whole, name);
  }
  const all = new Map<string, string>();
  for (const [name, code] of files) {
    const renamed = code.replace(/(["'`])\.\/([\w-]+\.mjs)\1/g, (_, quote: string, to: string) => {
      return `${quote}./${into.get(to) ?? to}${quote}`;
    });
    const target = into.get(name) ?? name;
    // The first line of an entry only imports what replaces it.
    if (!ENTRY.test(code)) all.set(target, `${all.get(target) ?? ''}${renamed}`);
  }
  return all;
}

/** What that file would make or ask for at run time is made now: the page's texts, the programs' completions. */
const made = (file: string, code: string): Plugin => ({
  name: `made ${file}`,
  load: (id) => (id.endsWith(file) ? { code, moduleType: 'js' } : null),
});

async function completions(): Promise<string> {
  const texts = (await programs()).map((program) => [program.name(), completionsOf(program)]);
  return `export const builtCompletions = () => JSON.parse(${JSON.stringify(JSON.stringify(Object.fromEntries(texts)))});`;
}

/** The TOML parser hides a `require` from bundlers, for the sake of browsers. */
function utilInspect(): Plugin {
  return {
    name: 'util-inspect',
    transform: (code, id) =>
      id.endsWith('/@iarna/toml/lib/toml-parser.js')
        ? code.replace(`eval("require('util').inspect")`, "require('util').inspect")
        : null,
  };
}
