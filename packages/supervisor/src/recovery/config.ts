import { existsSync, realpathSync, rmSync } from 'node:fs';
import { ConfigEditError, readSampleEvery, setSampleEvery } from '@hybrid-soak/contract/config-edit.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { Replaced, RunState } from '@hybrid-soak/contract/run-state.ts';
import { writeSampleEvery } from '../adapters/config-file.ts';
import { readText } from '../adapters/config-text.ts';
import { writeConfig } from '../adapters/config-writer.ts';
import { replaceFile } from '../adapters/replace-file.ts';
import { removeScratchFile } from '../adapters/root-parent.ts';
import { Stop } from '../stop.ts';

export interface ConfigRestored {
  /** An engine may still run with what the run wrote. */
  changed: boolean;
  /** Why not all of it was restored, in words; null if it was. */
  kept: string | null;
}

/**
 * Restores the config: the exact bytes if the file is still what the run wrote, or is gone; if someone has edited it
 * since, that edit stays, and the one token alone is restored if it still has the value that the run wrote. Throws Stop if
 * the edit left a file that cannot be edited.
 */
export function restoreConfig(state: RunState): ConfigRestored {
  const replaced = state.replaced ?? [];
  for (const file of replaced) restoreReplaced(file, state.run_id);
  const { config, original_text: original, written_text: written } = state;
  if (written === null) return { changed: replaced.some(({ written }) => written.length > 0), kept: null };
  const now = existsSync(config) ? readText(config) : null;
  const changed = written !== original;
  if (now === null) replaceFile(config, original);
  if (now === null || now === original) return { changed, kept: null };
  if (isTorn(now, state)) {
    writeConfig(realpathSync(config), original);
    return { changed, kept: null };
  }
  try {
    if (isOurs(now, state)) writeConfig(realpathSync(config), original);
    else if (!valuesOf(state).includes(readSampleEvery(now)))
      return { changed, kept: `sample_every ${readSampleEvery(now)} is not the soak's and stays` };
    else writeSampleEvery(config, state.original_sample_every);
  } catch (error) {
    if (!(error instanceof ConfigEditError)) throw error;
    const valid = `repair it, set sample_every = ${state.original_sample_every ?? 1}, then \`soak restore\``;
    throw new Stop(SOAK_EXIT.CONFIG, `${config}: edited during the soak and ${error.message}; valid: ${valid}`);
  }
  return { changed, kept: null };
}

/** What the run wrote last, or wrote over: a kill may have come before the last write. */
const oursIn = ({ written_text, overwritten_text }: RunState) =>
  [written_text, overwritten_text].filter((text) => text !== null);

const isOurs = (now: string, state: RunState) => oursIn(state).includes(now);
const valuesOf = (state: RunState) => oursIn(state).map(readSampleEvery);

/** A write in place that was cut short: the beginning of one of the texts, and from there on another. */
function isTorn(now: string, { original_text, written_text, overwritten_text }: RunState): boolean {
  const texts = [original_text, written_text, overwritten_text].filter((text) => text !== null);
  if (overwritten_text === null || texts.includes(now)) return false;
  return texts.some((begun) => {
    let same = 0;
    while (same < now.length && now[same] === begun[same]) same++;
    return texts.some((old) => now.slice(same) === old.slice(same));
  });
}

/** What someone edited since the run last wrote, or found, is theirs: it becomes part of what will be restored. */
export function adoptEdit(state: RunState, found: string): void {
  if (found === state.original_text || isOurs(found, state)) return;
  const theirs = readSampleEvery(found);
  const ours = state.written_text === null ? [readSampleEvery(state.original_text)] : valuesOf(state);
  // A rung changes sample_every for the time being; what an operator has set meanwhile is what will be restored.
  if (!ours.includes(theirs)) state.original_sample_every = theirs;
  state.original_text = setSampleEvery(found, state.original_sample_every);
}

/** `sample_every` of the config as it stands; what was found if it cannot be read. */
export function sampleEveryOf({ config, original_sample_every }: RunState): number | null {
  try {
    return readSampleEvery(readText(config));
  } catch {
    return original_sample_every;
  }
}

/** Edits made during a proof are saved beside the file, not merged: a proof's settings are not a base for them. */
function restoreReplaced({ path, original_text: original, written }: Replaced, runId: string): void {
  const now = existsSync(path) ? readText(path) : null;
  if (now === original) return;
  if (now !== null && !written.includes(now)) replaceFile(`${path}.edited-during-${runId.slice(0, 8)}`, now);
  if (original === null) rmSync(path, { force: true });
  else if (now === null) replaceFile(path, original);
  else writeConfig(realpathSync(path), original);
}

export function removeScratch({ scratch = [] }: RunState): void {
  for (const path of scratch) removeScratchFile(path);
}
