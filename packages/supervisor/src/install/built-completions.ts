import type { Shell } from '@hybrid-soak/contract/completion-script.ts';

type Completions = Readonly<Record<string, Record<Shell, string>>>;

/** Completions of a release's own programs, by name and shell: the build replaces this file. Null in a checkout. */
export const builtCompletions = (): Completions | null => null;
