import t from 'tap';
import { judge } from './judge.ts';
import { type Manifest, parse } from './sources.ts';
import { archaic } from './words.ts';

/** A small tree that keeps every rule. */
const TREE: Record<string, string> = {
  'contract/src/psi.ts': "import { z } from 'zod';\nexport const psi = z.number();\n",
  'supervisor/src/main.ts': "import { run } from './commands/run.ts';\nrun();\n",
  'supervisor/src/stop.ts': 'export class Stop extends Error {}\n',
  'supervisor/src/core/step.ts':
    "import { psi } from '@hybrid-soak/contract/psi.ts';\nimport { Stop } from '../stop.ts';\nexport const step = (at: number) => [psi, Stop, new Date(at).toISOString()];\nexport interface Act { at: number }\n",
  'supervisor/src/adapters/clock.ts':
    "import type { Act } from '../core/step.ts';\nexport const now = (): Act => ({ at: Date.now() });\n",
  'supervisor/src/unit/choose.ts': "import { now } from '../adapters/clock.ts';\nexport const choose = now;\n",
  'supervisor/src/run/effects.ts': "import { choose } from '../unit/choose.ts';\nexport const effects = choose;\n",
  'supervisor/src/run/loop.ts':
    "import type { Reporter } from '../text/reporter.ts';\nimport { effects } from './effects.ts';\nexport const loop = (r: Reporter) => effects(r);\n",
  'supervisor/src/text/reporter.ts':
    "import { block } from '@hybrid-soak/report/block.ts';\nexport type Reporter = typeof block;\n",
  'supervisor/src/install/install.ts': 'export const install = 1;\n',
  'supervisor/src/proofs/stall.ts': "export { loop } from '../run/loop.ts';\n",
  'supervisor/src/commands/run.ts':
    "import { loop } from '../run/loop.ts';\nexport const run = async () => [loop, await import('@hybrid-soak/fleet/page.ts')];\n",
  'report/src/block.ts': 'export const block = 1;\n',
  'fleet/src/page.ts': "export { block } from '@hybrid-soak/report/block.ts';\n",
  'engine/src/run.ts': "import './pipeline.ts';\nimport { listen } from './process/metrics.ts';\nlisten();\n",
  'engine/src/pipeline.ts': "import './store/rows/rows.ts';\nimport './feeds/exchanges/map.ts';\n",
  'engine/src/core/tick.ts': 'export interface Tick { price: number }\n',
  'engine/src/feeds/websocket.ts':
    "import { WebSocket } from 'ws';\nexport const open = () => new WebSocket('ws://x');\n",
  'engine/src/feeds/exchanges/map.ts': "import type { Tick } from '../../core/tick.ts';\nexport type Map = Tick;\n",
  'engine/src/process/metrics.ts': "import { createServer } from 'node:http';\nexport const listen = createServer;\n",
  'engine/src/store/rows/rows.ts': "export const thread = new URL('../thread.ts', import.meta.url);\n",
  'engine/src/store/thread.ts': "import Database from 'better-sqlite3';\nnew Database('');\n",
};

const manifest = (name: string, ...dependencies: string[]): Manifest => ({
  path: `packages/${name}/package.json`,
  dependencies: Object.fromEntries(dependencies.map((dependency) => [dependency, '1.0.0'])),
});
const ours = (...names: string[]) => names.map((name) => `@hybrid-soak/${name}`);
const MANIFESTS = [
  manifest('contract', 'zod'),
  manifest('supervisor', ...ours('contract', 'report', 'fleet')),
  manifest('fleet', ...ours('report')),
  manifest('engine', 'ws', 'better-sqlite3'),
];

/** What the rules say of the tree with one file added or replaced. */
function broken(file: string, text: string, manifests = MANIFESTS): string[] {
  const files = Object.entries({ ...TREE, [file]: text });
  const sources = files.map(([path, content]) => parse(`packages/${path}`, content));
  return Object.values(judge(sources, manifests)).flat();
}

t.test('the tree itself keeps every rule', async (t) => {
  t.same(broken('report/src/other.ts', ''), []);
});

const IMPORTS: [file: string, text: string, to: string][] = [
  ['supervisor/src/core/a.ts', 'import { now } from "../adapters/clock.ts";', 'supervisor/src/adapters/clock.ts'],
  ['supervisor/src/core/a.ts', "import { now } from '../adapters/clock.ts';", 'supervisor/src/adapters/clock.ts'],
  ['supervisor/src/core/a.ts', "import type { A } from '../adapters/clock.ts';", 'supervisor/src/adapters/clock.ts'],
  ['supervisor/src/core/a.ts', "type A = import('../adapters/clock.ts').A;", 'supervisor/src/adapters/clock.ts'],
  ['supervisor/src/core/a.ts', 'await import(`node:fs`);', 'node:fs'],
  ['supervisor/src/core/a.ts', "import 'timers';", 'node:timers'],
  ['supervisor/src/core/a.ts', "import { z } from 'execa';", 'execa'],
  ['contract/src/a.ts', "import { readFileSync } from 'fs';", 'node:fs'],
  ['contract/src/a.ts', "import write from 'write-file-atomic';", 'write-file-atomic'],
  ['contract/src/a.ts', "import '@hybrid-soak/report/block.ts';", 'report/src/block.ts'],
  ['supervisor/src/adapters/a.ts', "import '../run/effects.ts';", 'supervisor/src/run/effects.ts'],
  ['supervisor/src/adapters/a.ts', "import '../unit/choose.ts';", 'supervisor/src/unit/choose.ts'],
  ['supervisor/src/adapters/a.ts', "import '../proofs/stall.ts';", 'supervisor/src/proofs/stall.ts'],
  ['supervisor/src/adapters/a.ts', "import { step } from '../core/step.ts';", 'supervisor/src/core/step.ts'],
  ['supervisor/src/adapters/a.ts', "import { type A, step } from '../core/step.ts';", 'supervisor/src/core/step.ts'],
  ['supervisor/src/run/loop.ts', "import '../install/install.ts';", 'supervisor/src/install/install.ts'],
  ['supervisor/src/run/loop.ts', "import '../proofs/stall.ts';", 'supervisor/src/proofs/stall.ts'],
  ['supervisor/src/run/loop.ts', "import { r } from '../text/reporter.ts';", 'supervisor/src/text/reporter.ts'],
  ['supervisor/src/unit/a.ts', "export * from '../recovery/restore.ts';", 'supervisor/src/recovery/restore.ts'],
  ['supervisor/src/run/a.ts', 'import "@hybrid-soak/engine/run.ts";', 'engine/src/run.ts'],
  ['supervisor/src/run/a.ts', 'await import(`@hybrid-soak/engine/run.ts`);', 'engine/src/run.ts'],
  ['supervisor/src/run/a.ts', "import '../../../engine/src/run.ts';", 'engine/src/run.ts'],
  ['supervisor/src/run/a.ts', "require('../../../engine/src/run.ts');", 'engine/src/run.ts'],
  ['supervisor/src/run/a.ts', "import { block } from '@hybrid-soak/report/block.ts';", 'report/src/block.ts'],
  ['supervisor/src/commands/a.ts', "import '@hybrid-soak/fleet/page.ts';", 'fleet/src/page.ts'],
  ['supervisor/src/main.ts', "import './core/step.ts';", 'supervisor/src/core/step.ts'],
  ['engine/src/store/a.ts', "import '../pipeline.ts';", 'engine/src/pipeline.ts'],
  ['engine/src/feeds/a.ts', "import '../store/rows/rows.ts';", 'engine/src/store/rows/rows.ts'],
  ['engine/src/process/a.ts', "import '../feeds/websocket.ts';", 'engine/src/feeds/websocket.ts'],
  ['engine/src/pipeline.ts', "import './feeds/websocket.ts';", 'engine/src/feeds/websocket.ts'],
  ['engine/src/feeds/a.ts', "new URL('../store/thread.ts', import.meta.url);", 'engine/src/store/thread.ts'],
  ['report/src/a.ts', "import '../../supervisor/src/stop.ts';", 'supervisor/src/stop.ts'],
];

for (const [file, text, to] of IMPORTS)
  t.test(`${file} may not have ${text}`, async (t) => {
    const name = /^(node:|execa|write-file)/.test(to) ? to : `packages/${to}`;
    t.ok(
      broken(file, text).some((one) => one.startsWith(`packages/${file} imports ${name}`)),
      'it is named',
    );
  });

const IMPURE = [
  'crypto.randomUUID()',
  'setImmediate(() => {})',
  'new Date',
  'new Date()',
  'Date.now()',
  'Date()',
  '[Date]',
  'Math.random()',
  'const { random } = Math',
  'performance.now()',
  'queueMicrotask(f)',
  'process.env',
  'globalThis.setTimeout(f)',
  'console.log(1)',
  'fetch(1)',
  'import.meta.url',
];

for (const use of IMPURE)
  t.test(`core may not have ${use}`, async (t) => {
    t.match(broken('supervisor/src/core/a.ts', `export const f = 1;\n${use};\n`), [/core\/a\.ts:2 /]);
    t.match(broken('contract/src/a.ts', `export const f = 1;\n${use};\n`), [/contract\/src\/a\.ts:2 /]);
  });

t.test('core may compute, and may name its own things as globals are named', async (t) => {
  const text = `export function f(process: { now: number }, setTimeout: number) {
  const { performance: fetch } = { performance: 1 };
  return { Date: new Date(0), at: process.now + setTimeout + fetch, max: Math.max(1), t: Date.parse('2020-01-01Z') };
}
interface A { console: number; crypto(): Promise<void> }
export type { A };
`;
  t.same(broken('supervisor/src/core/a.ts', text), []);
});

t.test('a circle is found, of types and by way of others', async (t) => {
  const found = broken('supervisor/src/unit/choose.ts', "import type { A } from './b.ts';\n", MANIFESTS);
  t.same(found, [], 'no circle yet');
  const files = {
    'report/src/a.ts': "import './b.ts';",
    'report/src/b.ts': "export type { C } from './c.ts';",
    'report/src/c.ts': "import type { A } from './a.ts';",
  };
  const circles = judge(
    Object.entries(files).map(([path, text]) => parse(`packages/${path}`, text)),
    [],
  );
  t.same(Object.values(circles).flat(), [
    'packages/report/src/a.ts > packages/report/src/b.ts > packages/report/src/c.ts',
  ]);
});

t.test('a package that nothing imports, or that is not named, is found', async (t) => {
  const more = [
    ...MANIFESTS.filter(({ path }) => !path.includes('supervisor')),
    manifest('supervisor', ...ours('contract', 'report', 'fleet'), 'pino'),
  ];
  t.same(broken('report/src/a.ts', '', more), ['packages/supervisor/package.json: nothing imports pino']);
  t.same(broken('supervisor/src/run/a.ts', "import { pino } from 'pino';"), [
    'packages/supervisor/package.json does not name pino',
  ]);
});

t.test('lengths: a function of 71 lines, a file of 251', async (t) => {
  const lines = (n: number) => 'f();\n'.repeat(n);
  t.same(broken('report/src/a.ts', `function f() {\n${lines(68)}}\n`), []);
  t.same(broken('report/src/a.ts', `function f() {\n${lines(69)}}\n`), ['packages/report/src/a.ts: f has 71 lines']);
  t.same(broken('report/src/a.ts', `export const g = () => {\n${lines(69)}};\n`), [
    'packages/report/src/a.ts: g has 71 lines',
  ]);
  t.same(broken('report/src/a.ts', lines(250)), []);
  t.same(broken('report/src/a.ts', lines(251)), ['packages/report/src/a.ts']);
});

t.test('a computed import is refused, and so is a file outside of the rooms', async (t) => {
  t.match(broken('supervisor/src/run/a.ts', 'await import(name);'), [/\(computed\)/]);
  t.same(broken('supervisor/src/loose.ts', ''), ['packages/supervisor/src/loose.ts is in no room']);
  t.same(broken('other/src/a.ts', ''), ['packages/other/src/a.ts is in no room']);
});

t.test('the engine connects in one file and listens in one', async (t) => {
  t.same(broken('engine/src/feeds/b.ts', "import { connect } from 'node:tls';"), [
    'packages/engine/src/feeds/websocket.ts',
    'packages/engine/src/feeds/b.ts',
  ]);
  t.same(broken('engine/src/process/b.ts', "import { createServer } from 'net';"), [
    'packages/engine/src/process/metrics.ts',
    'packages/engine/src/process/b.ts',
  ]);
  t.same(broken('engine/src/store/b.ts', "import { request } from 'https';"), ['packages/engine/src/store/b.ts']);
  t.same(broken('engine/src/feeds/b.ts', "fetch('http://x');"), ['packages/engine/src/feeds/b.ts fetch']);
});

t.test('pressure is not called by the name of something else', async (t) => {
  t.same(broken('report/src/a.ts', '// cpu utilisation\n'), ['packages/report/src/a.ts']);
});

const ARCHAIC = [
  'Whom the last frame was from',
  'anew',
  'the operator is told',
  'a file that is no database',
  'mended',
  'is put back',
  'puts everything back',
];

for (const text of ARCHAIC)
  t.test(`"${text}" is archaic`, async (t) => {
    t.match(archaic('a.ts', `\n// ${text}\n`), [/^a\.ts:2 "/]);
  });

t.test('plain words are left alone', async (t) => {
  t.same(archaic('a.ts', '// where there is no systemd, it is no longer tried; put the lid back'), []);
});

t.test('a name that two packages export', async (t) => {
  t.match(broken('report/src/choice.ts', 'export const choose = 1;\n'), [
    /^choose is declared in packages\/supervisor\S+ and packages\/report/,
  ]);
  t.same(broken('fleet/src/stop.ts', 'export class Stop extends Error {}\n'), [], 'the same thing');
  t.same(broken('report/src/choice.ts', 'const choose = 1;\n'), [], 'not exported');
});

t.test('a helper beside the subcommands', async (t) => {
  t.match(broken('supervisor/src/commands/conclude.ts', 'export {};\n'), [/commands\/conclude\.ts$/]);
  t.same(broken('supervisor/src/commands/run/conclude.ts', 'export {};\n'), []);
});
