import type { Plugin } from 'rolldown';

const ASSERT: [string, string] = [
  "const assert = require('assert')",
  "const assert = (...given) => require('assert')(...given)",
];

/** A package's file that asks for a module of Node at its start and needs it seldom: what is written there, and what instead. */
const SELDOM: [file: string, ...changes: [from: string | RegExp, to: string][]][] = [
  // TLS and all of cryptography behind it take 15 ms: a source in the clear needs none of it.
  [
    'ws/lib/websocket.js',
    ["const https = require('https');", ''],
    ["const tls = require('tls');", ''],
    [/\bhttps\.request\b/g, "require('https').request"],
    [/\btls\.connect\b/g, "require('tls').connect"],
  ],
  // Nothing of ours is compressed on its way.
  [
    'ws/lib/permessage-deflate.js',
    ["const zlib = require('zlib');", ''],
    [/\bzlib\.(?=Z_|create)/g, "require('zlib')."],
  ],
  [
    'commander/lib/command.js',
    ["import childProcess from 'node:child_process';", ''],
    [/\bchildProcess\./g, "process.getBuiltinModule('node:child_process')."],
  ],
  ['sonic-boom/index.js', ASSERT],
  ['thread-stream/index.js', ASSERT],
];

/** Modules of Node that a package seldom needs are loaded when they are needed. Fails if a package has been written otherwise. */
export const seldomNeeded = (): Plugin => ({
  name: 'seldom-needed',
  transform(code, id) {
    const changes = SELDOM.find(([file]) => id.endsWith(`/node_modules/${file}`))?.slice(1) as
      | [string | RegExp, string][]
      | undefined;
    if (changes === undefined) return null;
    return changes.reduce((text, [from, to]) => {
      const changed = text.replace(from, to);
      if (changed === text) throw new Error(`${id}: no ${String(from)} in it`);
      return changed;
    }, code);
  },
});

const IMPORTS = /^(?:import(?:[^"'`;]*from)?["'`][^"'`]+["'`];)+/;
const IMPORT = /import([^"'`;]*)from["'`](node:[\w/]+)["'`];/g;

/** Functions that many a command never calls, of modules that take 2 and 4 ms to load: the first call loads them. */
const SELDOM_CALLED: Record<string, string[]> = {
  'node:child_process': ['spawn', 'spawnSync'],
  'node:crypto': ['createHash', 'randomBytes', 'randomUUID'],
  'node:module': ['createRequire'],
};

/** The bundler's require(), which is mostly asked for modules of Node. */
const REQUIRE = '__require=createRequire(import.meta.url)';
const DIRECT_REQUIRE = '__require=id=>globalThis.process.getBuiltinModule(id)??createRequire(import.meta.url)(id)';

/**
 * A chunk whose imports of Node's modules are calls of `process.getBuiltinModule`. An import statement reads every export of the
 * module, and so loads what stands behind each of its getters: of node:fs alone 30 modules more, in each thread.
 */
export const withDirectBuiltIns = (code: string): string =>
  code.replace(REQUIRE, DIRECT_REQUIRE).replace(IMPORTS, (imports) =>
    imports.replace(IMPORT, (_, clause: string, module: string) => {
      const from = `globalThis.process.getBuiltinModule("${module}")`;
      const [, own, all, some = ''] =
        /^\s*([\w$]+)?\s*,?\s*(?:\*\s*as\s*([\w$]+)\s*)?(?:\{([^}]*)\}\s*)?$/.exec(clause) ?? [];
      const names = some.split(',').map((name) => name.trim().split(/\s+as\s+/) as [name: string, here?: string]);
      const isSeldom = ([name]: [string, string?]) => SELDOM_CALLED[module]?.includes(name) === true;
      const direct = names.filter((name) => name[0] !== '' && !isSeldom(name)).map((name) => name.join(':'));
      return [
        ...[own, all, direct.length === 0 ? undefined : `{${direct}}`]
          .filter((target) => target !== undefined)
          .map((target) => `const ${target}=${from};`),
        ...names.filter(isSeldom).map(([name, here = name]) => `const ${here}=(...given)=>${from}.${name}(...given);`),
      ].join('');
    }),
  );
