import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onThisMachine, parseUnitFile, serviceRules } from '../unit/unit-file.ts';
import { dropped } from './dropped.ts';
import { ENGINE } from './layout.ts';

/** A program that is run once, as its unit would be, so that its next start finds everything compiled. */
interface Warmed {
  unit: string;
  /** What it is asked instead of what the unit asks; `root`: the release. */
  ask(root: string): string[];
}

const WARMED: Warmed[] = [
  { unit: ENGINE, ask: (root) => ['warm-cache', '--feed', join(root, 'lib/hybrid-feed.mjs')] },
  { unit: 'soak.service', ask: () => ['run', '--dry-run'] },
];

/**
 * Fills the units' code caches: V8's compiled code depends on the machine and on the flags, so that it cannot be shipped.
 * By the account of each unit, which owns the cache. Returns what went wrong; a cold cache costs one slow start.
 */
export function warmCaches(root: string, state: string): string[] {
  return WARMED.flatMap(({ unit, ask }) => {
    const file = parseUnitFile(onThisMachine(readFileSync(join(root, 'ops/systemd', unit), 'utf8')));
    const { argv, environment } = serviceRules(file);
    const user = file.get('Service')?.get('User')?.at(-1);
    const program = argv.slice(0, argv.indexOf('run'));
    if (user === undefined || program.length === 0) return [];
    const settings = Object.entries(environment).map(([name, value]) => `${name}=${value}`);
    const { ok, error } = dropped(user, ['env', `--chdir=${state}`, ...settings, ...program, ...ask(root)]);
    return ok ? [] : [`${unit}: its code cache could not be filled (${error}): its first start is slower`];
  });
}
