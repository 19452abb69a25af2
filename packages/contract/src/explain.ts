import { ENGINE_EXIT, engineExitName, SOAK_EXIT } from './exit-codes.ts';
import {
  ACTION_MEANINGS,
  CAUSE_MEANINGS,
  ENGINE_EXIT_MEANINGS,
  HOLD_MEANINGS,
  type Meaning,
  QUIET_MEANINGS,
  SOAK_EXIT_MEANINGS,
  VERDICT_MEANINGS,
} from './meanings.ts';

export interface Explained {
  /** As it stands in the log or in `$?`. */
  word: string;
  kind: string;
  means: string;
  act: string;
}

const listed = (kind: string, table: Readonly<Record<string, Meaning>>, wordOf = (name: string) => name): Explained[] =>
  Object.entries(table).map(([name, [means, act]]) => ({ word: wordOf(name), kind, means, act }));
const codes = (all: Readonly<Record<string, number>>) => (name: string) => String(all[name]);

/** Every word that `soak explain` knows, in the order of the RUNBOOK. */
export const EXPLAINED: readonly Explained[] = [
  ...listed('action', ACTION_MEANINGS),
  ...listed('hold of HOLD', HOLD_MEANINGS),
  ...listed('cause of ENGINE_RESTART, ABORT, PSI_LOGONLY', CAUSE_MEANINGS),
  ...listed('quiet of QUIET', QUIET_MEANINGS),
  ...listed('verdict', VERDICT_MEANINGS),
  ...listed('exit code of soak', SOAK_EXIT_MEANINGS, codes(SOAK_EXIT)),
  ...listed('exit code of hybrid-engine', ENGINE_EXIT_MEANINGS, codes(ENGINE_EXIT)),
];

/** Everything that a word means, in any case; an exit code's name is its word too. Empty if it is not known. */
export function explain(word: string): Explained[] {
  const wanted = word.trim().toLowerCase().replaceAll('_', ' ');
  const named = Object.entries(ENGINE_EXIT).find(([name]) => name.toLowerCase() === wanted)?.[1];
  return EXPLAINED.filter(
    (entry) =>
      entry.word.toLowerCase().replaceAll('_', ' ') === wanted ||
      (entry.kind === 'exit code of hybrid-engine' && entry.word === String(named)),
  );
}

type Coded = {
  action: string;
  hold?: unknown;
  cause?: unknown;
  quiet?: unknown;
  verdict?: unknown;
  exit_code?: unknown;
};

/** What a record means: by its code if it has one, else by its action. Null for one that this version does not know. */
export function meaningOfRecord({ action, hold, cause, quiet, verdict, exit_code }: Coded): Meaning | null {
  const exit = action === 'ENGINE_EXIT' && typeof exit_code === 'number' ? engineExitName(exit_code) : undefined;
  if (exit !== undefined)
    return [`the engine ended with ${exit_code}: ${ENGINE_EXIT_MEANINGS[exit][0]}`, ENGINE_EXIT_MEANINGS[exit][1]];
  const tables: [unknown, Readonly<Record<string, Meaning>>][] = [
    [hold, HOLD_MEANINGS],
    [cause, CAUSE_MEANINGS],
    [quiet, QUIET_MEANINGS],
    [action === 'SUMMARY' ? verdict : undefined, VERDICT_MEANINGS],
    [action, ACTION_MEANINGS],
  ];
  for (const [word, table] of tables)
    if (typeof word === 'string' && Object.hasOwn(table, word)) return table[word] as Meaning;
  return null;
}
