import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { embeddedUnit } from './embedded.ts';
import type { UnitManager } from './manager.ts';
import { systemctl, systemdUnit } from './systemd.ts';
import { localCommand, parseUnitFile, serviceRules } from './unit-file.ts';
import { withVariables } from './unit-words.ts';
import { placedAt, placeUserUnit, removeUserUnit } from './user-unit.ts';

export type ManagerChoice = 'auto' | 'system' | 'user' | 'embedded';

/** What a manager of this soak's own needs: one that places or runs the unit itself. */
export interface Wanted {
  /** The checkout or installation: holds `ops/systemd/` and `packages/`. */
  root: string;
  config: string;
  /** Words after the unit's own command line: `--mode`, `--sources`. */
  extra: string[];
  logFile: string;
  spawned(pid: number): void;
}

export interface Chosen {
  name: UnitManager['name'];
  why: string;
  /** Places the unit where that is to be done. Rejects with NoManager. */
  open(wanted: Wanted): Promise<UnitManager>;
}

/** The manager cannot be had; the message says which and why. */
export class NoManager extends Error {
  override name = 'NoManager';
}

/**
 * system where the unit is installed there, else user where such a manager answers (the unit that is installed there, or one
 * placed for this soak alone), else the embedded stand-in. `asIs`: an installed unit's own command line will do. Nothing is
 * changed. Rejects with NoManager.
 */
export async function chooseManager(choice: ManagerChoice, unit: string, asIs: boolean): Promise<Chosen> {
  const asked = `asked for by --manager ${choice}`;
  if (choice === 'embedded') return embedded(`stand-in for systemd, ${asked}`);
  const system = choice === 'user' ? 'not asked for' : await installed('system', unit);
  if (system === null) {
    const why = choice === 'auto' ? `${unit} is installed there` : asked;
    return { name: 'system', why, open: async () => systemdUnit('system', unit, why) };
  }
  if (choice === 'system') throw new NoManager(`--manager system: ${system}`);
  // An engine of the soak's own would get round a mask, and double a unit that is only badly written.
  if (presentButNot(system, unit))
    throw new NoManager(`${system}; valid: mend it (soak doctor), or --manager embedded`);
  const user = await answers('user');
  if (user === null && asIs && (await installed('user', unit)) === null) {
    const why = choice === 'auto' ? `${unit} is installed for this user` : asked;
    return { name: 'user', why, open: async () => systemdUnit('user', unit, why) };
  }
  if (user === null)
    return placed(unit, choice === 'auto' ? `no system unit (${system}); a user manager answers` : asked);
  if (choice === 'user') throw new NoManager(`--manager user: ${user}`);
  return embedded(`stand-in: no system unit (${system}), no user manager (${user})`);
}

/** Null where the unit is loaded, else why not. A systemd that is there and hangs may be running the engine already. */
async function installed(scope: 'system' | 'user', unit: string): Promise<string | null> {
  const called = await systemctl(scope, ['show', unit, '-p', 'LoadState,FragmentPath'], 5000);
  if (called.timedOut) throw new NoManager(`--manager ${scope}: ${called.error}`);
  if (!called.ok) return called.error;
  const state = /^LoadState=(.*)$/m.exec(called.stdout)?.[1] ?? 'unknown';
  // What a soak placed for itself is not installed.
  if (scope === 'user' && called.stdout.includes(`FragmentPath=${placedAt(unit)}`)) return `${unit} is placed`;
  return state === 'loaded' ? null : `${unit} is ${state}`;
}

/**
 * Whose unit there is to look at, without changing anything: the manager that was asked for; else the system's or the user's
 * that has it, masked, broken or silent as it may be; else the system's, where one runs that ought to have it; else nobody's.
 */
export async function whereInstalled(choice: ManagerChoice, unit: string): Promise<'system' | 'user' | null> {
  if (choice !== 'auto') return choice === 'embedded' ? null : choice;
  const system = await installed('system', unit).catch((error: Error) => error.message);
  if (system === null || system.startsWith('--manager system: ') || presentButNot(system, unit)) return 'system';
  if ((await answers('user')) === null && (await installed('user', unit)) === null) return 'user';
  return system === absent(unit) ? 'system' : null;
}

const absent = (unit: string) => `${unit} is not-found`;

/** Masked, or not to be loaded as it stands. */
const presentButNot = (why: string, unit: string) => why.startsWith(`${unit} is `) && why !== absent(unit);

async function answers(scope: 'user'): Promise<string | null> {
  if (process.env['XDG_RUNTIME_DIR'] === undefined) return 'XDG_RUNTIME_DIR is not set';
  const called = await systemctl(scope, ['show', '-p', 'Version'], 5000);
  return called.ok ? null : called.error;
}

const unitText = ({ root }: Wanted) => readFileSync(join(root, 'ops/systemd/hybrid-engine.service'), 'utf8');

const embedded = (why: string): Chosen => ({
  name: 'embedded',
  why,
  async open(wanted) {
    const rules = serviceRules(parseUnitFile(unitText(wanted)));
    const argv = withVariables(rules.argv, { ...process.env, ...rules.environment });
    rules.argv = localCommand(argv, wanted.root, wanted.config, wanted.extra);
    return embeddedUnit({ rules, cwd: process.cwd(), logFile: wanted.logFile, why, spawned: wanted.spawned });
  },
});

/** The unit for this soak alone, in the user manager; removed on release. */
const placed = (unit: string, why: string): Chosen => ({
  name: 'user',
  why,
  async open(wanted) {
    const error = await placeUserUnit(unit, unitText(wanted), (argv) =>
      localCommand(argv, wanted.root, wanted.config, wanted.extra),
    );
    if (error !== null) throw new NoManager(`--manager user: ${error}`);
    const manager = systemdUnit('user', unit, why);
    return {
      ...manager,
      async release() {
        await manager.stop();
        await removeUserUnit(unit);
      },
    };
  },
});
