import { realpathSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { rolldown } from 'rolldown';

/** Makes tap one module: its 300 are half of the CPU of a short file. What it finds beside its own, it still finds there. */
async function bundleTap(file: string): Promise<void> {
  const build = await rolldown({
    input: realpathSync(fileURLToPath(import.meta.resolve('tap'))),
    platform: 'node',
    treeshake: false,
    logLevel: 'silent',
    plugins: [
      {
        name: 'own-places',
        transform: (code, id) => code.replaceAll('import.meta.url', JSON.stringify(pathToFileURL(id).href)),
      },
    ],
  });
  await build.write({ file, format: 'esm', codeSplitting: false });
  await build.close();
}

/** `node test/harness/bundle-tap.ts FILE`, by what runs the tests. */
if (import.meta.main) await bundleTap(process.argv[2] ?? '');
