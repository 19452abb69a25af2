import { insteadOf } from './earlier-system.ts';

/** A command of a commander program, as far as its flags go. */
interface Flagged {
  options: readonly { long?: string | undefined }[];
}

/**
 * What commander says of a wrong command line, as one line that ends with what is valid. `program`: its name; `command`: the
 * one that was called.
 */
export function usageError(program: string, text: string, command?: Flagged): string {
  const [said = '', suggested = ''] = text.trimEnd().split('\n');
  const near = /^\(Did you mean (?:one of )?(.+)\?\)$/.exec(suggested)?.[1];
  const [problem = said, choices] = said.replace(/\.$/, '').split('. Allowed choices are ');
  const valid =
    choices ??
    insteadOf(program, said, command?.options.map(({ long = '' }) => long) ?? []) ??
    near ??
    validFor(problem);
  return `${problem}${valid === null ? '' : `; valid: ${valid}`}\n`;
}

/** Null for what says it already. */
function validFor(problem: string): string | null {
  const kinds: [RegExp, string][] = [
    [/^error: unknown command/, '--help lists the commands'],
    [/^error: unknown option/, '--help lists the options'],
    [/argument missing$/, 'a value after it'],
    [/cannot be used with/, 'one of them'],
    [/^error: (missing required argument|required option|too many arguments)/, '--help shows how it is called'],
  ];
  return kinds.find(([kind]) => kind.test(problem))?.[1] ?? null;
}

/**
 * The first two words of a command line with `help run` as `run --help`: commander answers `help nosuch` with the whole help,
 * and here it is an error like `nosuch`.
 */
export function helpAsFlag(
  [first, second]: readonly string[],
  program: { commands: readonly { name(): string }[] },
): string[] {
  const words = [first, second].filter((word) => word !== undefined);
  if (first !== 'help' || second === undefined || second.startsWith('-')) return words;
  return program.commands.some((command) => command.name() === second) ? [second, '--help'] : [second];
}

/** The first argument that is empty, as `--config "$UNSET"` has it, as an error; null if there is none. */
export function emptyArgument(argv: readonly string[]): string | null {
  const at = argv.findIndex((word) => word === '' || /^--[\w-]+=$/.test(word));
  if (at < 0) return null;
  const [before = '', word = ''] = [argv[at - 1], argv[at]];
  const place = word === '' && before.startsWith('-') ? `${before} ''` : word || "''";
  return `${place}: empty; valid: a value, or nothing at all`;
}
