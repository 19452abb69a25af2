import {
  type Completed,
  completionScript,
  type Flag,
  SHELLS,
  type Shell,
  type Takes,
  type Word,
} from './completion-script.ts';

/** What is read of an option, as commander has it. */
interface KnownOption {
  long?: string | undefined;
  short?: string | undefined;
  flags: string;
  description: string;
  /** Whether it takes a value, which may not or may be left out. */
  required: boolean;
  optional: boolean;
  argChoices?: string[] | undefined;
}

/** What is read of a command, as commander has it: what it knows is what is completed. */
export interface KnownCommand {
  name(): string;
  description(): string;
  registeredArguments: readonly { name(): string; argChoices?: string[] | undefined }[];
  createHelp(): {
    visibleCommands(of: KnownCommand): KnownCommand[];
    visibleOptions(of: KnownCommand): KnownOption[];
  };
}

/** The completion of a program, for every shell that has one. */
export function completionsOf(program: KnownCommand): Record<Shell, string> {
  const completed = completedOf(program);
  return {
    bash: completionScript('bash', completed),
    zsh: completionScript('zsh', completed),
    fish: completionScript('fish', completed),
  };
}

/** What `PROGRAM completion` takes: a shell, or json for all of them in one object. */
export const COMPLETIONS = [...SHELLS, 'json'] as const;
export type Completable = (typeof COMPLETIONS)[number];

/** What `PROGRAM completion WHAT` writes. */
export function completionText(program: KnownCommand, wanted: Completable): string {
  const texts = completionsOf(program);
  return wanted === 'json' ? `${JSON.stringify(texts)}\n` : texts[wanted];
}

/** How the help of `PROGRAM completion` describes it. */
export const completionHelp = (program: string) => ({
  about: 'a shell completion on stdout',
  argument: 'json: of all shells, in one object',
  examples: [
    '\nExamples:',
    `  ${program} completion bash > ~/.local/share/bash-completion/completions/${program}`,
    `  ${program} completion zsh > ~/.zfunc/_${program}`,
    `  ${program} completion fish > ~/.config/fish/completions/${program}.fish`,
  ].join('\n'),
});

function completedOf(program: KnownCommand): Completed {
  const help = program.createHelp();
  const commands = help.visibleCommands(program);
  return {
    program: program.name(),
    words: commands.map((command) => (command.name() === 'help' ? helpWord(command, commands) : wordOf(command))),
    flags: help.visibleOptions(program).map(flagOf),
  };
}

const helpWord = (help: KnownCommand, commands: readonly KnownCommand[]): Word => ({
  name: help.name(),
  description: help.description(),
  takes: commands.map((command) => command.name()).filter((name) => name !== help.name()),
  flags: [],
});

function wordOf(command: KnownCommand): Word {
  const [argument] = command.registeredArguments;
  return {
    name: command.name(),
    description: command.description(),
    takes: argument === undefined ? null : takenBy(argument.name(), argument.argChoices),
    flags: command.createHelp().visibleOptions(command).map(flagOf),
  };
}

const flagOf = ({ long, short, description, flags, required, optional, argChoices }: KnownOption): Flag => ({
  long: long ?? '',
  short: short ?? null,
  description,
  takes: required || optional ? takenBy(/[<[]([^>\].]*)/.exec(flags)?.[1] ?? '', argChoices, long) : null,
});

/** By the choices, else by what help calls the value: `<file>`, `<id>`. */
function takenBy(value: string, choices: readonly string[] | undefined, long?: string): Takes {
  if (choices !== undefined) return choices;
  if (value === 'run' || value === 'id') return 'run';
  if (long === '--unit') return 'unit';
  return /^(file|folder|a|b)$/.test(value) ? 'file' : 'anything';
}
