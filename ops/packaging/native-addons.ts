import { createRequire } from 'node:module';
import type { Plugin } from 'rolldown';

const KOFFI = "await import('koffi')";
const LOADED_KOFFI =
  "({ default: (await import('node:module')).createRequire(import.meta.url)('./koffi.node') as typeof import('koffi') })";

/** Loads a native addon from beside the bundle, whatever path its package would look under. */
export function nativeAddons(): Plugin {
  const entry = '/better-sqlite3/lib/linux-x64.js';
  return {
    name: 'native-addons',
    resolveId(source, importer) {
      if (source === 'better-sqlite3' && importer !== undefined)
        return createRequire(importer).resolve('better-sqlite3/linux-x64');
      if (source === '../prebuilds/linux-x64.node') return { id: 'addon:better_sqlite3' };
      return source === 'koffi' ? { id: 'addon:koffi' } : null;
    },
    transform(code, id) {
      // A CommonJS caller gets the module's namespace.
      if (id.endsWith(entry)) return code.replace(".node')", ".node').default");
      // Loaded where it is asked for, without a file that does nothing else.
      if (id.endsWith('.ts') && code.includes(KOFFI)) return code.replace(KOFFI, LOADED_KOFFI);
      return null;
    },
    load(id) {
      if (!id.startsWith('addon:')) return null;
      const file = JSON.stringify(`/${id.slice('addon:'.length)}.node`);
      // As require() does it, without looking for the file first.
      return `const addon = { exports: {} };\nprocess.dlopen(addon, import.meta.dirname + ${file});\nexport default addon.exports;`;
    },
  };
}
