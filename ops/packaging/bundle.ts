import { copyFileSync, mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';

/** Native addons for the wanted architecture, by path. They stand beside the bundles. */
export interface Addons {
  sqlite: string;
  koffi: string;
}

/** Entry points by the name of their bundle. Threads are added as the code names them. */
const PROGRAMS = {
  'hybrid-engine': 'packages/engine/src/main.ts',
  soak: 'packages/supervisor/src/main.ts',
  'hybrid-feed': 'packages/feed/src/main.ts',
};

/**
 * What is loaded together is one file: a command pays for its own code, and a release has few files. First match wins;
 * everything else is split by rolldown along the dynamic imports.
 */
const CHUNKS: [name: string, modules: RegExp][] = [
  ['commander', /node_modules\/commander\//],
  ['ws', /node_modules\/ws\//],
  ['pino', /node_modules\/(pino|@pinojs|pino-std-serializers|sonic-boom|thread-stream|safe-stable-stringify)/],
  ['sqlite', /node_modules\/better-sqlite3\/|addon:better_sqlite3/],
  ['execa', /node_modules\/execa\//],
  ['contract', /packages\/contract\/src\/(version|exit-codes|duration|ladder|psi|modes|reading|fault|recorded-time)\.ts/],
  ['schemas', /node_modules\/(zod|@iarna|toml-eslint-parser|eslint-visitor-keys)|packages\/contract\/src\//],
  ['terminal', /node_modules\/log-update\//],
  ['metrics', /node_modules\/@prometheus-io\//],
  ['look', /supervisor\/src\/commands\/(tail|report|replay|compare|dashboard|runs|explain)\.ts|packages\/report\/src\//],
  ['install', /supervisor\/src\/commands\/(install|completion)\.ts/],
  ['prove', /supervisor\/src\/commands\/(prove|doctor)\.ts/],
  ['run', /supervisor\/src\/commands\/(run|restore)\.ts/],
  ['feed', /packages\/feed\/src\/(?!main)/],
];

/** Bundles the programs of the checkout at `root` into `out`. The same input gives the same bytes. Returns what is inside. */
export async function bundle(root: string, out: string, addons: Addons): Promise<string[]> {
  mkdirSync(out, { recursive: true });
  copyFileSync(addons.sqlite, join(out, 'better_sqlite3.node'));
  copyFileSync(addons.koffi, join(out, 'koffi.node'));
  const build = await rolldown({
    cwd: root,
    input: PROGRAMS,
    platform: 'node',
    preserveEntrySignatures: false,
    plugins: [nativeAddons(), threads()],
  });
  const { output } = await build.write({
    dir: out,
    format: 'esm',
    entryFileNames: '[name].js',
    chunkFileNames: '[name].js',
    comments: false,
    minify: { compress: true, mangle: false, codegen: true },
    codeSplitting: {
      groups: CHUNKS.map(([name, test], at) => ({ name, test, priority: CHUNKS.length - at })),
    },
  });
  await build.close();
  const inputs = output.flatMap((chunk) => (chunk.type === 'chunk' ? chunk.moduleIds : []));
  return inputs.map((path) => relative(root, path)).sort();
}

/** Loads a native addon from beside the bundle, whatever path its package would look under. */
function nativeAddons(): Plugin {
  const addon = (name: string) => ({ id: `addon:${name}` });
  return {
    name: 'native-addons',
    resolveId(source, importer) {
      if (source === 'better-sqlite3' && importer !== undefined)
        return createRequire(importer).resolve('better-sqlite3/linux-x64');
      if (source.endsWith('/prebuilds/linux-x64.node') || source === '../prebuilds/linux-x64.node') return addon('better_sqlite3');
      return source === 'koffi' ? addon('koffi') : null;
    },
    // A CommonJS caller gets the module's namespace.
    transform: (code, id) =>
      id.endsWith('/better-sqlite3/lib/linux-x64.js') ? code.replace("linux-x64.node')", "linux-x64.node').default") : null,
    load(id) {
      if (!id.startsWith('addon:')) return null;
      const file = JSON.stringify(`./${id.slice('addon:'.length)}.node`);
      return `import { createRequire } from 'node:module';\nexport default createRequire(import.meta.url)(${file});`;
    },
  };
}

const THREAD = /new URL\('(\.\/[\w-]+)\.ts', import\.meta\.url\)/g;

/** A file that the code starts as a thread is an entry point of its own. */
function threads(): Plugin {
  return {
    name: 'threads',
    transform(code, id) {
      if (!id.endsWith('.ts') || code.search(THREAD) < 0) return null;
      return code.replace(THREAD, (_, path: string) => {
        const file = join(dirname(id), `${path}.ts`);
        const name = relative(join(dirname(id), '..'), file).replaceAll('/', '-').replace(/\.ts$/, '');
        this.emitFile({ type: 'chunk', id: file, fileName: `${name}.js` });
        return `new URL('./${name}.js', import.meta.url)`;
      });
    },
  };
}
