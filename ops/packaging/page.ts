import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pageStyles } from '@hybrid-soak/report/page-assets.ts';
import { rolldown } from 'rolldown';

const ENTRIES = { startReport: 'start.ts', startLive: 'live.ts' } as const;

/** The source of a module that stands for `page-assets.ts` in a release: the same functions over texts made now. */
export async function pageAssets(root: string): Promise<string> {
  const library = createRequire(join(root, 'packages/report/package.json')).resolve('uplot/dist/uPlot.iife.min.js');
  const scripts: Record<string, string> = {};
  for (const [entry, file] of Object.entries(ENTRIES)) scripts[entry] = await pageScript(root, entry, file);
  return [
    `const styles = ${JSON.stringify(pageStyles())};`,
    `const library = ${JSON.stringify(readFileSync(library, 'utf8'))};`,
    `const scripts = ${JSON.stringify(scripts)};`,
    'export const pageStyles = () => styles;',
    'export const pageScripts = (entry) => [library, scripts[entry]];',
  ].join('\n');
}

/** One page's own script: bundled and minified, started by its entry function. */
async function pageScript(root: string, entry: string, file: string): Promise<string> {
  const from = JSON.stringify(join(root, 'packages/report/src/page', file));
  const build = await rolldown({
    cwd: root,
    input: 'page:entry',
    platform: 'browser',
    plugins: [
      {
        name: 'page-entry',
        resolveId: (source) => (source === 'page:entry' ? source : null),
        load: (id) => (id === 'page:entry' ? `import { ${entry} } from ${from};\n${entry}();` : null),
      },
    ],
  });
  const { output } = await build.generate({ format: 'iife', comments: false, minify: true });
  await build.close();
  return output[0].code;
}
