import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { ENGINE_UNIT } from '@hybrid-soak/contract/engine-unit.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { Holder } from '@hybrid-soak/contract/lock-holder.ts';
import { isRoot } from '../adapters/drop-root.ts';
import { lastRunHere } from '../adapters/last-run.ts';
import { DECISIONS, type OpsPaths, opsPaths } from '../adapters/ops-paths.ts';
import { isAlive } from '../adapters/owner.ts';
import { writableByOthers } from '../adapters/root-alone.ts';
import { Stop } from '../stop.ts';
import { type UnitFacts, unitFacts } from '../unit/facts.ts';
import { isBooted, mayHaveUserManager } from '../unit/user-runtime.ts';
import { lastRunOf } from './locks.ts';

/** What the flags of a command say of where things are. */
export interface PlaceFlags {
  unit?: string;
  config?: string;
  db?: string;
  decisions?: string;
  samples?: string;
}

export interface Places {
  config: string;
  /** Folder that a relative `[app] db_path` is relative to. */
  base: string;
  /** The database if it is known without the config. */
  db: string | null;
  ops: OpsPaths;
}

/** With what systemd said of the unit on the way; null if it was not asked, or there is none. */
interface FoundPlaces extends Places {
  facts: UnitFacts | null;
}

const CONFIG = 'config/config.toml';

/** Where a run over this unit has its files: the flag, then the unit, then the working directory. */
export function placesOf(flags: PlaceFlags, facts: UnitFacts | null): Places {
  const base = facts?.working_directory || (facts === null ? process.cwd() : '/');
  const records = facts?.working_directory || process.cwd();
  return obeyed({
    config: flags.config === undefined ? (facts?.config ?? resolve(base, CONFIG)) : resolve(flags.config),
    base,
    db: flags.db === undefined ? null : resolve(flags.db),
    ops: opsPaths(resolve(flags.decisions ?? resolve(records, DECISIONS)), flags.samples),
  });
}

/**
 * Where the files of a run are that is looked at, first that is given: the flag, the run now going, the unit, this
 * account's last run, the working directory.
 */
export async function findPlaces(flags: PlaceFlags): Promise<FoundPlaces> {
  const { places, facts } = await candidates(flags);
  return { ...(places[0] as Places), facts };
}

/** The same, but the first place that still has something to restore. */
export async function findToRestore(flags: PlaceFlags): Promise<Places> {
  const { places: found } = await candidates(flags, true);
  return found.find(({ ops }) => existsSync(ops.state)) ?? (found[0] as Places);
}

/** All that apply, best first. `killed`: a run that is gone counts too, as long as its lock names it. */
async function candidates(flags: PlaceFlags, killed = false): Promise<{ places: Places[]; facts: UnitFacts | null }> {
  if (flags.decisions !== undefined && flags.config !== undefined)
    return { places: [placesOf(flags, null)], facts: null };
  const unit = flags.unit ?? ENGINE_UNIT;
  const asked = installedFacts(unit);
  // While systemd thinks about its answer.
  const last = lastRunHere();
  const facts = await asked;
  // The run that this account has going, over whichever unit, unless another one was asked for.
  const own = flags.unit === undefined || last?.unit === flags.unit ? last : null;
  const runs = [lastRunOf('system', facts?.id ?? unit), lastRunOf('user', facts?.id ?? unit)];
  if (own !== null && isAlive(own)) runs.push(own);
  const going = runs.filter((run): run is Holder => run !== null && (killed || isAlive(run)));
  const places = [
    ...going.map((run) => ofRun(flags, run)),
    ...(facts === null && last !== null && existsSync(last.decisions) ? [ofRun(flags, last)] : []),
    placesOf(flags, facts),
  ];
  return { places, facts };
}

async function installedFacts(unit: string): Promise<UnitFacts | null> {
  for (const scope of ['system', 'user'] as const) {
    if (!(scope === 'system' ? isBooted() : mayHaveUserManager())) continue;
    const asked = await unitFacts(scope, unit);
    if (asked.ok && asked.facts.load === 'loaded' && !asked.facts.transient) return asked.facts;
  }
  return null;
}

function ofRun(flags: PlaceFlags, run: Holder): Places {
  const decisions = flags.decisions === undefined ? run.decisions : resolve(flags.decisions);
  const samples = flags.samples ?? (flags.decisions === undefined ? run.samples : undefined);
  return obeyed({
    config: flags.config === undefined ? run.config : resolve(flags.config),
    base: process.cwd(),
    db: flags.db === undefined ? (flags.config === undefined ? run.db : null) : resolve(flags.db),
    ops: opsPaths(decisions, samples),
  });
}

/** The database of a run: named by a flag or the run itself, else `[app] db_path`. */
export function databaseOf({ db, base }: Places, configured: string): string {
  const path = db ?? resolve(base, configured);
  refuseToObey('--db', path);
  return path;
}

function obeyed(places: Places): Places {
  refuseToObey('--config', places.config);
  refuseToObey('--decisions', places.ops.decisions);
  return places;
}

/** An account that can write a folder on the way to these files would command root (of an installed unit, root has dropped). */
function refuseToObey(flag: string, path: string): void {
  const folder = isRoot() ? writableByOthers(dirname(path)) : null;
  if (folder === null) return;
  const why = `${flag} ${path}: another account can write in ${folder}, and root would act on what it finds`;
  throw new Stop(
    SOAK_EXIT.CONFIG,
    `${why}; valid: run as that account, or soak install (root then becomes hybrid-soak)`,
  );
}
