import { spawnSync } from 'node:child_process';
import { SHELLS, type Shell } from '@hybrid-soak/contract/completion-script.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { Stop } from '../stop.ts';

/** A busy host compiles a program in seconds. */
const ANSWER_MS = 60_000;

/** The completions of the program at `path`, by shell: asked of itself, since it alone knows its commands. */
export function askCompletions(path: string): Record<Shell, string> {
  const { stdout, stderr, error } = spawnSync(path, ['completion', 'json'], { encoding: 'utf8', timeout: ANSWER_MS });
  const texts = parsed(stdout);
  if (texts !== null) return texts;
  const problem = error?.message ?? (stderr.trim().split('\n').at(-1) || 'no completions');
  throw new Stop(SOAK_EXIT.FAIL, `${path} completion json: ${problem}; valid: a complete release`);
}

/** Null if it is anything else. */
function parsed(text: string | null): Record<Shell, string> | null {
  try {
    const texts = JSON.parse(text ?? '') as Record<Shell, unknown>;
    return SHELLS.every((shell) => typeof texts[shell] === 'string') ? (texts as Record<Shell, string>) : null;
  } catch {
    return null;
  }
}
