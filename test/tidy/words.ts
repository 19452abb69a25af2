import { paths, read } from './sources.ts';

/** Archaic words, and what to write for them. Plain English is short, literal and has the field's own terms. */
const ARCHAIC: [RegExp, string][] = [
  [/(?<!-)\bwho(m|ever)\b/i, 'which, anyone who'],
  [/\banew\b/i, 'again'],
  [/\b(is|are|be|was|were|been) told\b(?! apart)/i, 'is reported, is logged, knows'],
  [/(?<!there )\b(is|are|was|were) no (?!longer|more|such|one\b)/i, 'is not a'],
  [/\bmend(s|ed|ing)?\b/i, 'repair'],
  [/\bput(s|ting)? ((it|that|them|everything|all) )?back\b/i, 'restore'],
  [/\b(amiss|lest|thereof|hence)\b/i, 'wrong; so that … not; of it; so'],
];

const WRITTEN = /\.(ts|mjs|md|js|css|toml|service|rules|conf|yml)$/;
/** The rules themselves name the words. */
const isRead = (path: string): boolean => WRITTEN.test(path) && !path.startsWith('test/tidy');

export const readTexts = (): { path: string; text: string }[] =>
  ['packages', 'test', 'ops', 'config']
    .flatMap((folder) => paths(folder, isRead))
    .concat(paths('.', (path) => !path.includes('/') && isRead(path)))
    .map((path) => ({ path, text: read(path) }));

/** Lines with such a word: `PATH:LINE "word": write …`. */
export function archaic(path: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) =>
    ARCHAIC.flatMap(([word, instead]) => {
      const found = word.exec(line)?.[0];
      return found === undefined ? [] : [`${path}:${index + 1} "${found}": write ${instead}`];
    }),
  );
}
