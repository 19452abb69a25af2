/** Where the decision log is when nothing else is said. */
export const DECISIONS = 'data/ops/soak_decisions.jsonl';

/** What to type for the report of a run, with the files where they are not the usual ones. */
export function reportCommandLine(
  run: string,
  { decisions, samples }: { decisions: string; samples?: string },
): string {
  const files = [
    ...(decisions === DECISIONS ? [] : ['--decisions', decisions]),
    ...(samples === undefined ? [] : ['--samples', samples]),
  ];
  const quoted = files.map((word) => (/^[\w./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`));
  // Whoever started it by npm has no `soak` on the PATH.
  const program = process.env['npm_command'] === undefined ? 'soak' : 'npx soak';
  return [`${program} report`, run.slice(0, 8), ...quoted].join(' ');
}
