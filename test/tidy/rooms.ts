import { COMPUTED, type Import, isOurs } from './imports.ts';
import { packageOf, read } from './sources.ts';

/** Folders whose files may be imported; with `ways`, only so. A name that ends in .ts is one file. */
interface Door {
  to: string;
  ways?: Import['way'][];
}

interface Room {
  name: string;
  /** From the package's `src`. */
  holds: RegExp;
  may: Door[];
}

const doors = (...names: (string | Door)[]): Door[] =>
  names.map((name) => (typeof name === 'string' ? { to: name } : name));
const only = (to: string, ...ways: Import['way'][]): Door => ({ to, ways });

/**
 * Who may import whom: the table of ARCHITECTURE.md. Each room may import itself, `contract` and `stop.ts` as well; a file is in
 * the first room that holds it. What is not here is not allowed.
 */
const ROOMS: Record<string, Room[]> = {
  contract: [{ name: 'contract', holds: /./, may: [] }],
  supervisor: [
    { name: 'core', holds: /^core\//, may: [] },
    { name: 'adapters', holds: /^adapters\//, may: [only('core', 'type')] },
    { name: 'unit', holds: /^unit\//, may: doors('adapters', 'core') },
    { name: 'recovery', holds: /^recovery\//, may: doors('unit', 'adapters', 'core') },
    {
      name: 'run',
      holds: /^run\//,
      may: doors('recovery', 'unit', 'adapters', 'core', only('text/reporter.ts', 'type')),
    },
    { name: 'inspect', holds: /^inspect\//, may: doors('recovery', 'unit', 'adapters', 'core') },
    { name: 'install', holds: /^install\//, may: doors('unit', 'adapters', 'core') },
    { name: 'proofs', holds: /^proofs\//, may: doors('run', 'inspect', 'recovery', 'unit', 'adapters', 'core') },
    { name: 'replay', holds: /^replay\//, may: doors('adapters', 'core') },
    { name: 'text', holds: /^text\//, may: doors('core', '@report') },
    {
      name: 'commands',
      holds: /^commands\//,
      may: doors(
        ...['adapters', 'core', 'inspect', 'install', 'proofs', 'recovery', 'replay', 'run', 'text', 'unit', '@report'],
        only('@fleet', 'dynamic'),
      ),
    },
    { name: 'main', holds: /^main\.ts$/, may: doors('commands') },
    { name: 'stop', holds: /^stop\.ts$/, may: [] },
  ],
  engine: [
    { name: 'core', holds: /^core\//, may: [] },
    ...['feeds', 'store', 'config', 'process'].map((name) => ({
      name,
      holds: new RegExp(`^${name}/`),
      may: doors('core'),
    })),
    { name: 'pipeline', holds: /^pipeline\.ts$/, may: doors('core', 'feeds/exchanges', 'store/rows') },
    { name: 'run', holds: /^(run|program|main)\.ts$|^run\//, may: doors('.') },
  ],
  report: [{ name: 'report', holds: /./, may: [] }],
  feed: [{ name: 'feed', holds: /./, may: [] }],
  fleet: [{ name: 'fleet', holds: /./, may: doors('@report') }],
};

/** From the composition root: `run: { summary: …, load: async () => (await import('./commands/run.ts'))… }`. */
const SUBCOMMANDS = new Set(
  [...read('packages/supervisor/src/main.ts').matchAll(/import\('\.\/commands\/([\w-]+)\.ts'\)/g)].map(
    ([, name]) => name,
  ),
);

const below = (path: string): string => path.replace(/^packages\/[^/]+\/src\//, '');

const roomOf = (path: string): Room | undefined => ROOMS[packageOf(path)]?.find(({ holds }) => holds.test(below(path)));

export const isInARoom = (path: string): boolean => roomOf(path) !== undefined;

/** Why that import is not allowed; null if it is. Modules of Node and packages are another rule's. */
export function whyNot({ from, to, way }: Import): string | null {
  const room = roomOf(from);
  if (room === undefined) return null; // Found by itself.
  if (to === COMPUTED) return 'a computed import';
  if (!isOurs(to) || packageOf(to) === 'contract') return null;
  if (way === 'url' && below(to) === 'main.ts') return null; // The program itself, run in a process of its own.
  if (packageOf(from) === packageOf(to) && (below(to) === 'stop.ts' || roomOf(to) === room)) return null;
  const open = room.may.some((door) => leadsTo(door.to, from, to) && (door.ways?.includes(way) ?? true));
  return open ? null : `${room.name} may not`;
}

function leadsTo(door: string, from: string, to: string): boolean {
  if (door.startsWith('@')) return packageOf(to) === door.slice(1);
  if (packageOf(from) !== packageOf(to)) return false;
  return door === '.' || below(to) === door || below(to).startsWith(`${door}/`);
}

/**
 * Files right in `commands/` that are no subcommand: each has one of its own there, in a file of its name (`uninstall` is in that
 * of `install`). What a subcommand is made of is in a folder, of its name if it is one's alone.
 */
export function noSubcommand(path: string): boolean {
  const [, name] = /^packages\/supervisor\/src\/commands\/([\w-]+)\.ts$/.exec(path) ?? [];
  return name !== undefined && name !== 'options' && !SUBCOMMANDS.has(name);
}
