import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, resolve } from 'node:path';
import t from 'tap';

const ROOT = resolve(import.meta.dirname, '..');
const sources = readdirSync(join(ROOT, 'packages'))
  .flatMap((name) => under(join(ROOT, 'packages', name, 'src')))
  .map((path) => ({ path: relative(ROOT, path), text: readFileSync(path, 'utf8') }));

function under(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
      .map((entry) => join(entry.parentPath, entry.name));
  } catch {
    return [];
  }
}

/** What a file imports: other packages as `@hybrid-soak/NAME`, its own package's files by path from `src`. */
function imports(path: string, text: string): string[] {
  const named = [...text.matchAll(/(?:^(?:import|export)\s(?:[^'"]*\sfrom )?|^\} from |\bimport\()'([^']+)'/gm)].map(
    (m) => m[1]!,
  );
  const src = /^packages\/[^/]+\/src/.exec(path)?.[0] ?? '';
  return named.map((name) => (name.startsWith('.') ? relative(src, join(path, '..', name)) : name));
}

const isPure = (path: string) => /^packages\/(contract\/src|[^/]+\/src\/core)\//.test(path);

/** What must not be: files of which `from` is true importing what `to` matches. */
const FORBIDDEN: { why: string; from: (path: string) => boolean; to: RegExp }[] = [
  {
    why: 'core and contract import nothing of Node',
    from: isPure,
    to: /^node:|^(ws|better-sqlite3|execa|pino|koffi)$/,
  },
  {
    why: 'core imports contract and core alone',
    from: (path) => path.includes('/src/core/'),
    to: /^(?!core\/|replay\/log-observations|@hybrid-soak\/contract\/)/,
  },
  {
    why: 'contract imports no other package of ours',
    from: (path) => path.startsWith('packages/contract/'),
    to: /^@hybrid-soak\//,
  },
  {
    why: 'report and feed import contract alone',
    from: (path) => /^packages\/(report|feed)\//.test(path),
    to: /^@hybrid-soak\/(?!contract\/)/,
  },
  {
    why: 'engine imports contract alone',
    from: (path) => path.startsWith('packages/engine/'),
    to: /^@hybrid-soak\/(?!contract\/)/,
  },
  {
    why: 'only the supervisor commands import report, and nothing of it imports engine or feed',
    from: (path) => path.startsWith('packages/supervisor/') && !/\/(commands|text)\//.test(path),
    to: /^@hybrid-soak\/(?!contract\/)/,
  },
  {
    why: 'the supervisor never imports engine or feed',
    from: (path) => path.startsWith('packages/supervisor/'),
    to: /^@hybrid-soak\/(engine|feed)/,
  },
  {
    why: 'no adapter decides: none imports core but for its types of what it is asked to do',
    from: (path) => path.includes('/src/adapters/'),
    to: /^core\/(?!(?:options|effect|unit-file)\.ts)/,
  },
  {
    why: 'no adapter knows another',
    from: (path) => path.includes('/src/adapters/'),
    to: /^(adapters\/(?!replace-file)|commands)\//,
  },
  {
    why: 'only main imports the commands',
    from: (path) => path.startsWith('packages/supervisor/src/') && !/\/(main\.ts|commands\/)/.test(path),
    to: /^commands\//,
  },
];

const IMPURE =
  /\bDate\.now\b|new Date\(\)|Math\.random|performance\.now|\bprocess\.|\bconsole\.|setTimeout|setInterval/;
const LONGEST_FILE = 250;

for (const { why, from, to } of FORBIDDEN)
  t.test(why, async (t) => {
    const judged = sources.filter(({ path }) => from(path));
    t.ok(judged.length > 0, 'the rule is about something');
    const broken = judged.flatMap(({ path, text }) =>
      imports(path, text)
        .filter((name) => to.test(name))
        .map((name) => `${path} imports ${name}`),
    );
    t.same(broken, []);
  });

t.test('core and contract have no clock, no randomness, no timers, no process', async (t) => {
  const lines = sources
    .filter(({ path }) => isPure(path))
    .flatMap(({ path, text }) => text.split('\n').map((line, index) => ({ at: `${path}:${index + 1}`, line })));
  t.same(
    lines.filter(({ line }) => IMPURE.test(line.replace(/\/\/.*|^\s*\*.*|\/\*.*/, ''))).map(({ at }) => at),
    [],
  );
});

t.test('no file is longer than two rooms', async (t) => {
  const long = sources.filter(({ text }) => text.split('\n').length > LONGEST_FILE + 1).map(({ path }) => path);
  t.same(long, []);
});

t.test('pressure is called stall time, never by the names of something else', async (t) => {
  const misnamed = sources.filter(({ text }) => /utili[sz]ation|CPU%|cpu_percent|load_?avg/i.test(text));
  t.same(
    misnamed.map(({ path }) => path),
    [],
  );
});

t.test('no code can send an order: the engine opens sockets to its sources and nothing else', async (t) => {
  const senders = sources
    .filter(({ path }) => path.startsWith('packages/engine/'))
    .filter(({ text }) => /'node:(https?|http2|net|tls|dgram)'|\bfetch\(/.test(text));
  t.same(
    senders.map(({ path }) => path),
    [],
  );
  const sockets = sources.filter(({ path, text }) => path.startsWith('packages/engine/') && /from 'ws'/.test(text));
  t.same(
    sockets.map(({ path }) => path),
    ['packages/engine/src/feeds/websocket.ts'],
  );
});
