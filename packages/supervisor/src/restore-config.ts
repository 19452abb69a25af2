import { existsSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { readText, writeSampleEvery } from './adapters/config-file.ts';
import type { Replaced, RunState } from './adapters/run-state.ts';
import { replaceFile } from './replace-file.ts';

/**
 * Puts the config back: the exact bytes where the file is still what the soak wrote; where someone has edited it since,
 * that edit stays and the one token alone goes back. True where an engine may still run with what the soak wrote.
 */
export function restoreConfig(state: RunState): boolean {
  const replaced = state.replaced ?? [];
  for (const file of replaced) restoreReplaced(file, state.run_id);
  if (state.written_text === null) return replaced.some(({ written }) => written.length > 0);
  const now = readText(state.config);
  if (now === state.written_text) replaceFile(realpathSync(state.config), state.original_text);
  else if (now !== state.original_text) writeSampleEvery(state.config, state.original_sample_every);
  return state.written_text !== state.original_text;
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
