import { dirname, join, relative } from 'node:path';
import { type Plugin, rolldown } from 'rolldown';
import { nativeAddons } from './native-addons.ts';

const THREAD = /new URL\('(\.\/[\w-]+)\.ts', import\.meta\.url\)/g;

/** The thread that each start of the engine waits for. */
const WRITER = 'packages/engine/src/store/writer-thread.ts';

/** A file that the code starts as a thread is an entry point of its own, named after its folder and itself. */
export function threads(): Plugin {
  return {
    name: 'threads',
    transform(code, id) {
      if (!id.endsWith('.ts') || code.search(THREAD) < 0) return null;
      return code.replace(THREAD, (_, path: string) => {
        const file = join(dirname(id), `${path}.ts`);
        if (file.endsWith(WRITER)) return `new URL('./${nameOf(file)}.cjs', import.meta.url)`;
        this.emitFile({ type: 'chunk', id: file, fileName: `${nameOf(file)}.mjs` });
        return `new URL('./${nameOf(file)}.mjs', import.meta.url)`;
      });
    },
  };
}

const nameOf = (file: string): string =>
  relative(dirname(dirname(file)), file)
    .replaceAll('/', '-')
    .replace(/\.ts$/, '');

/**
 * The writer's thread, one file that shares nothing: what is kept compiled of it is what this thread has called and not what the main
 * thread has. CommonJS: a thread would load Node's loader of modules first, 4 ms.
 */
export async function writerThread(root: string): Promise<{ name: string; code: string; inputs: string[] }> {
  const build = await rolldown({
    cwd: root,
    input: WRITER,
    platform: 'node',
    checks: { ineffectiveDynamicImport: false },
    plugins: [nativeAddons()],
  });
  const { output } = await build.generate({
    format: 'cjs',
    codeSplitting: false,
    comments: false,
    minify: { compress: true, mangle: false, codegen: true },
  });
  await build.close();
  const [{ code, moduleIds }] = output;
  return { name: `${nameOf(WRITER)}.cjs`, code, inputs: moduleIds };
}
