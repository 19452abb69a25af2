import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { Stop } from '../stop.ts';
import { embeddedUnit } from './embedded.ts';
import { type UnitFacts, unitFacts } from './facts.ts';
import type { UnitManager } from './manager.ts';
import { type Scope, systemctl } from './systemctl.ts';
import { systemdUnit } from './systemd.ts';
import { localCommand, onThisMachine, parseUnitFile, serviceRules } from './unit-file.ts';
import { withVariables } from './unit-words.ts';
import { isBooted, mayHaveUserManager } from './user-runtime.ts';
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
  runId: string;
  spawned(pid: number): void;
}

export interface Chosen {
  name: UnitManager['name'];
  why: string;
  /** What the managers answered that were asked before this one; null if it was the first, or asked for. */
  details: string | null;
  /** systemd's Id; the name as given if no systemd has the unit. */
  unit: string;
  /** The installed unit; null for one of this soak's own. */
  facts: UnitFacts | null;
  /** Places the unit if that is needed. Rejects with NoManager. */
  open(wanted: Wanted): Promise<UnitManager>;
}

/** The manager cannot be had; the message says which and why. */
export class NoManager extends Error {
  override name = 'NoManager';
}

/**
 * system if the unit is installed there, else user if such a manager answers (the unit that is installed there, or one
 * placed for this soak alone), else the embedded stand-in. `asIs`: an installed unit's own command line will do. Nothing is
 * changed. Rejects with NoManager.
 */
export async function chooseManager(choice: ManagerChoice, unit: string, asIs: boolean): Promise<Chosen> {
  const asked = `asked for by --manager ${choice}`;
  if (choice === 'embedded') return embedded(unit, asked, null);
  const system = choice === 'user' ? { why: 'not asked for' } : await installed('system', unit);
  if ('facts' in system) return under(system.facts, choice === 'auto' ? `${unit} is installed there` : asked);
  if (choice === 'system') throw new NoManager(`--manager system: ${system.why}`);
  if (system.present) throw new NoManager(`${system.why}; valid: repair it (soak doctor), or --manager embedded`);
  const silent = await userManagerSilent();
  const user = silent === null && asIs ? await installed('user', unit) : null;
  if (user !== null && 'facts' in user)
    return under(user.facts, choice === 'auto' ? `${unit} is installed for this user` : asked);
  if (silent === null)
    return choice === 'auto' ? placed(unit, 'no system unit is installed', system.why) : placed(unit, asked, null);
  if (choice === 'user') throw new NoManager(`--manager user: ${silent}`);
  const why = isBooted() ? 'no unit is installed, no user manager' : 'no systemd here';
  return embedded(unit, why, `${system.why}; ${silent}`);
}

/** chooseManager, with a manager that cannot be had as exit code 12. */
export function chooseOrStop(choice: ManagerChoice, unit: string, asIs: boolean): Promise<Chosen> {
  return chooseManager(choice, unit, asIs).catch((error: unknown) => {
    throw error instanceof NoManager ? new Stop(SOAK_EXIT.CONFIG, error.message) : error;
  });
}

/** `present`: systemd has the unit or may have it, so that an engine beside it could be a second one. */
type Installed = { facts: UnitFacts } | { why: string; present?: boolean };

/** Rejects with NoManager if the unit is transient, or a systemd is there and hangs: it may run the engine already. */
async function installed(scope: Scope, unit: string): Promise<Installed> {
  const asked = await unitFacts(scope, unit);
  if (!asked.ok) {
    if (asked.timedOut) throw new NoManager(`--manager ${scope}: ${asked.error}`);
    // systemd is this machine's manager, whether or not it can be asked.
    return { why: asked.error, present: scope === 'system' && isBooted() };
  }
  const { facts } = asked;
  // What a soak placed for itself is not installed.
  if (scope === 'user' && facts.fragment === placedAt(unit)) return { why: `${unit} is placed` };
  if (facts.load === 'loaded' && facts.transient)
    throw new NoManager(`${unit} is transient, gone once it is stopped; valid: an installed unit`);
  if (facts.load === 'loaded') return { facts };
  // Masked, or not to be loaded as it stands: an engine beside it would bypass the mask or duplicate a broken unit.
  return { why: `${unit} is ${facts.load}`, present: facts.load !== 'not-found' };
}

/**
 * The scope whose unit is to be looked at, without changing anything: the manager that was asked for; else the system's or
 * the user's that has it, masked, broken or silent as it may be; else the system's, if one runs that ought to have it;
 * null if there is none.
 */
export async function whereInstalled(choice: ManagerChoice, unit: string): Promise<Scope | null> {
  if (choice !== 'auto') return choice === 'embedded' ? null : choice;
  const system = await installed('system', unit).catch((): Installed => ({ why: 'no answer', present: true }));
  if ('facts' in system || system.present) return 'system';
  if ((await userManagerSilent()) === null && 'facts' in (await installed('user', unit))) return 'user';
  return isBooted() ? 'system' : null;
}

/** Null if this account's user manager answers, else why not. */
async function userManagerSilent(): Promise<string | null> {
  if (!mayHaveUserManager()) return 'no user manager of this account runs, and XDG_RUNTIME_DIR is not set';
  const called = await systemctl('user', ['show', '-p', 'Version'], 5000);
  return called.ok ? null : called.error;
}

const under = (facts: UnitFacts, why: string): Chosen => ({
  name: facts.scope,
  why,
  details: null,
  unit: facts.id,
  facts,
  open: async () => systemdUnit(facts.scope, facts.id, why),
});

const unitText = ({ root }: Wanted) =>
  onThisMachine(readFileSync(join(root, 'ops/systemd/hybrid-engine.service'), 'utf8'));

const embedded = (unit: string, why: string, details: string | null): Chosen => ({
  name: 'embedded',
  why,
  details,
  unit,
  facts: null,
  async open(wanted) {
    const rules = serviceRules(parseUnitFile(unitText(wanted)));
    const argv = withVariables(rules.argv, { ...process.env, ...rules.environment });
    rules.argv = localCommand(argv, wanted.root, wanted.config, wanted.extra);
    const { logFile, runId, spawned } = wanted;
    return embeddedUnit({ rules, cwd: process.cwd(), logFile, why, runId, spawned });
  },
});

/** The unit for this soak alone, in the user manager; removed on release. */
const placed = (unit: string, why: string, details: string | null): Chosen => ({
  name: 'user',
  why,
  details,
  unit,
  facts: null,
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
