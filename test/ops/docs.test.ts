import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import t from 'tap';
import { ENGINE, FEED, FLEET, SOAK } from '../programs.ts';
import { commandsOf, testOf } from './commands.ts';

const ROOT = resolve(import.meta.dirname, '../..');
const PAGES = [
  ...['README.md', 'ARCHITECTURE.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md', 'ops/RUNBOOK.md'],
  'packages/engine/ADDING-AN-EXCHANGE.md',
];

/** Paths of this repository, as prose and code blocks name them. Globs and braces stand for several. */
const PATH = /(?<![\w./-])(?:packages|test|ops|config|\.ci|\.github)\/[\w./@-]*\w|(?<![\w./-])src\/[\w./-]*\w/g;

/** Of another machine, or made by the reader. */
const ELSEWHERE = /^config\/(config|ws_sources)\.toml$/;

const read = (page: string) => readFileSync(join(ROOT, page), 'utf8');

for (const page of PAGES)
  t.test(`${page} names files and folders that exist`, async (t) => {
    const text = read(page);
    const base = (path: string) => (path.startsWith('src/') ? join(ROOT, dirname(page), path) : join(ROOT, path));
    const named = [...text.matchAll(PATH)].map(([path]) => path).filter((path) => !ELSEWHERE.test(path));
    t.same(
      [...new Set(named)].filter((path) => !existsSync(base(path))),
      [],
    );
    const links = [...text.matchAll(/\]\((?!https?:|#)([^)#]+)/g)].map((match) => match[1] as string);
    t.same(
      links.filter((link) => !existsSync(join(ROOT, dirname(page), link))),
      [],
    );
  });

t.test('the map of ARCHITECTURE.md shows folders and files that exist', async (t) => {
  const map = /## The map\s+```([\s\S]*?)```/.exec(read('ARCHITECTURE.md'))?.[1] ?? '';
  let folder = '';
  const missing: string[] = [];
  for (const line of map.split('\n')) {
    const top = /^(\S+)\/ /.exec(line)?.[1];
    if (top !== undefined) folder = top;
    const inside = /^ {2}((?:[\w.-]+(?:\.ts|\/) )+)/.exec(line)?.[1]?.trim().split(' ') ?? [];
    const paths = top === undefined ? inside.map((name) => join(folder, name)) : [top];
    missing.push(...paths.filter((path) => !existsSync(join(ROOT, path))));
  }
  t.ok(map.length > 0);
  t.same(missing, []);
});

t.test('each `npm run` that a page names is a script', async (t) => {
  const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };
  const named = PAGES.flatMap((page) =>
    [...read(page).matchAll(/npm run ([\w-]+)/g)].map((match) => match[1] as string),
  );
  t.same(
    [...new Set(named)].filter((name) => !(name in scripts)),
    [],
  );
});

t.test('each command of README and RUNBOOK is run by a test', async (t) => {
  const commands = ['README.md', 'ops/RUNBOOK.md'].flatMap((name) => commandsOf(name));
  t.ok(commands.length > 40);
  t.same(
    commands.filter((command) => testOf(command) === undefined),
    [],
  );
  for (const file of new Set(commands.map(testOf))) t.ok(existsSync(join(ROOT, String(file))), String(file));
});

const PROGRAMS: Record<string, string> = {
  soak: SOAK,
  'hybrid-engine': ENGINE,
  'hybrid-feed': FEED,
  'hybrid-fleet': FLEET,
};

t.test('each subcommand and flag that a page gives is one that the program has', async (t) => {
  const helps = new Map<string, string>();
  const help = (program: string, ...args: string[]) => {
    const key = [program, ...args].join(' ');
    if (!helps.has(key))
      helps.set(key, spawnSync(PROGRAMS[program] ?? '', [...args, '--help'], { encoding: 'utf8' }).stdout);
    return helps.get(key) as string;
  };
  const wrong: string[] = [];
  for (const page of PAGES)
    for (const line of read(page).matchAll(
      /(?:`|^|npx |sudo |-- )(soak|hybrid-engine|hybrid-feed|hybrid-fleet) ([a-z][a-z-]+)\b([^`|#;\n]*)/gm,
    )) {
      const [, program, command, rest] = line as unknown as [string, string, string, string];
      if (!new RegExp(`^  ${command}\\b`, 'm').test(help(program))) wrong.push(`${page}: ${program} ${command}`);
      const flags = [...rest.matchAll(/(?<=\s)--?[a-z][\w-]*/g)].map(([flag]) => flag);
      const known = help(program, command);
      for (const flag of flags)
        if (!new RegExp(`(^|\\s|,)${flag}(?![\\w-])`).test(known)) wrong.push(`${page}: ${program} ${command} ${flag}`);
    }
  t.ok(helps.size > 5, 'commands were found');
  t.same(wrong, []);
});
