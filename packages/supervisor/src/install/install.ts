import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { Stop } from '../stop.ts';
import { accounts, adopt, seed, stateFolders } from './accounts.ts';
import { type Layout, manifestPath } from './layout.ts';
import { type Change, type Making, runs, type Way } from './making.ts';
import { loadManifest, type Manifest, saveManifest } from './manifest.ts';
import { file, folder, link } from './place.ts';
import { prune, release } from './release.ts';
import type { Step } from './steps.ts';
import { warmCaches } from './warm.ts';

/**
 * Makes what is missing or different, one step after another; true if anything changed. The manifest is written ahead of each
 * change, so that a second run continues an interrupted one, and uninstall knows of everything.
 */
export function install(steps: Step[], way: Way): boolean {
  const path = manifestPath(way.layout);
  const found = loadManifest(path);
  refuseSharedAccount(found, way.layout);
  const manifest: Manifest = found ?? { v: 2, version: way.version, scope: way.layout.scope, made: [] };
  Object.assign(manifest, { v: 2, version: way.version });
  const making = { way, manifest, unfinished: manifest.pending ?? [] };
  let any = false;
  for (const step of steps) {
    const change = changeOf(step, making);
    if (change === null) continue;
    any = true;
    manifest.pending = [...(manifest.pending ?? []), change.at];
    change.record();
    if (way.dryRun) continue;
    saveManifest(path, manifest);
    change.act();
  }
  if (any && !way.dryRun) saveManifest(path, { ...manifest, pending: [] });
  return any;
}

/** Up to 0.1.0 the engine ran as hybrid-soak, which is the supervisor's account now: nothing of it may run meanwhile. */
function refuseSharedAccount(found: Manifest | null, { scope, state }: Layout): void {
  if (found === null || found.v !== 1 || scope === 'user') return;
  const why = `version ${found.version} is installed, whose engine and supervisor share an account`;
  throw new Stop(
    SOAK_EXIT.CONFIG,
    `soak install: ${why}; valid: soak uninstall (configuration and data stay in ${state}), then soak install`,
  );
}

/** Null if nothing has to be done. */
function changeOf(step: Step, making: Making): Change | null {
  switch (step.do) {
    case 'accounts':
      return accounts(step, making);
    case 'state':
      return stateFolders(step, making);
    case 'seed':
      return seed(step, making);
    case 'adopt':
      return adopt(step, making);
    case 'folder':
      return folder(step, making);
    case 'release':
      return release(step, making);
    case 'prune':
      return prune(step, making);
    case 'link':
      return link(step, making);
    case 'file':
      return file(step, making);
    case 'warm': {
      if (!making.manifest.pending?.includes(step.release)) return null;
      making.way.say('warm     code caches of the engine and the supervisor');
      const act = () => {
        for (const problem of warmCaches(step.release, step.state)) making.way.say(`note     ${problem}`);
      };
      return { at: `warm ${step.release}`, record: () => {}, act };
    }
    case 'run': {
      // Pending from an interrupted run as well.
      if (!making.manifest.pending?.some((path) => path.startsWith(`${step.after}/`))) return null;
      return { at: step.command.join(' '), record: () => {}, act: runs(step.command, making.way) };
    }
    default:
      return step satisfies never;
  }
}
