import { existsSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { ConfigEditError, readSampleEvery, setSampleEvery } from '@hybrid-soak/contract/config-edit.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { readText, writeSampleEvery } from '../adapters/config-file.ts';
import { replaceFile } from '../adapters/replace-file.ts';
import { Stop } from '../stop.ts';
import type { Replaced, RunState } from './run-state.ts';

/**
 * Puts the config back: the exact bytes where the file is still what the soak wrote, or is gone; where someone has edited
 * it since, that edit stays and the one token alone goes back. True where an engine may still run with what the soak wrote.
 * Throws Stop where the edit left a file that cannot be edited.
 */
export function restoreConfig(state: RunState): boolean {
  const replaced = state.replaced ?? [];
  for (const file of replaced) restoreReplaced(file, state.run_id);
  const { config, original_text: original, written_text: written } = state;
  if (written === null) return replaced.some(({ written }) => written.length > 0);
  const now = existsSync(config) ? readText(config) : null;
  if (now === null) replaceFile(config, original);
  else if (now !== original) {
    try {
      if (isOurs(now, written)) replaceFile(realpathSync(config), original);
      else writeSampleEvery(config, state.original_sample_every);
    } catch (error) {
      if (!(error instanceof ConfigEditError)) throw error;
      const valid = `mend it, set sample_every = ${state.original_sample_every ?? 1}, then \`soak restore\``;
      throw new Stop(SOAK_EXIT.CONFIG, `${config}: edited during the soak and ${error.message}; valid: ${valid}`);
    }
  }
  return written !== original;
}

/** Whether the file differs from what the soak wrote in the one token alone: a kill may have come before the last write. */
const isOurs = (now: string, written: string) =>
  now === written || setSampleEvery(now, readSampleEvery(written)) === written;

/** What someone edited since the soak last wrote, or found, is theirs: it becomes part of what will be put back. */
export function adoptEdit(state: RunState, found: string): void {
  if (isOurs(found, state.written_text ?? state.original_text)) return;
  state.original_text = setSampleEvery(found, state.original_sample_every);
}

/** A proof's settings are no base for anybody's edit: what was edited meanwhile is kept beside it. */
function restoreReplaced({ path, original_text: original, written }: Replaced, runId: string): void {
  const now = existsSync(path) ? readText(path) : null;
  if (now === original) return;
  if (now !== null && !written.includes(now))
    writeFileSync(`${path}.edited-during-${runId.slice(0, 8)}`, now, { flush: true });
  if (original === null) rmSync(path, { force: true });
  else replaceFile(existsSync(path) ? realpathSync(path) : path, original);
}

export function removeScratch({ scratch = [] }: RunState): void {
  for (const path of scratch) rmSync(path, { force: true });
}
