import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import { SHELLS, type Shell } from '@hybrid-soak/contract/completion-script.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { ROOT } from '../adapters/root.ts';
import { Stop } from '../stop.ts';
import { builtCompletions } from './built-completions.ts';

/** A host that is very busy compiles a program in a minute. */
const ANSWER_MS = 180_000;

/**
 * The completions of the program at `path`, by shell: of this release those that its build made, of any other asked of the
 * program itself, since it alone knows its commands.
 */
export function askCompletions(path: string): Record<Shell, string> {
  const built = path === join(ROOT, 'bin', basename(path)) ? builtCompletions()?.[basename(path)] : undefined;
  if (built !== undefined) return built;
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
