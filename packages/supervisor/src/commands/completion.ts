import { Argument, Command, type Option } from 'commander';
import { completionScript, SHELLS, type Takes, type Word } from '../text/completion-script.ts';

/** Completes the program that it is given: what commander knows is what is completed. */
export function completionCommand(program: () => Promise<Command>): Command {
  return new Command('completion')
    .description('a shell completion on stdout')
    .addArgument(new Argument('<shell>').choices(SHELLS))
    .addHelpText(
      'after',
      '\nExamples:\n  soak completion bash > ~/.local/share/bash-completion/completions/soak\n  soak completion zsh > ~/.zfunc/_soak\n  soak completion fish > ~/.config/fish/completions/soak.fish',
    )
    .action(async (shell: (typeof SHELLS)[number]) => {
      process.stdout.write(scriptOf(shell, await program()));
    });
}

/** The completion of every shell, by the file name under which the shell looks for it. */
export const completionTexts = (soak: Command): Record<string, string> => ({
  'soak.bash': scriptOf('bash', soak),
  _soak: scriptOf('zsh', soak),
  'soak.fish': scriptOf('fish', soak),
});

const scriptOf = (shell: (typeof SHELLS)[number], soak: Command): string =>
  completionScript(shell, soak.name(), soak.commands.map(wordOf));

function wordOf(command: Command): Word {
  const help = command.createHelp();
  const [argument] = command.registeredArguments;
  return {
    name: command.name(),
    description: command.description(),
    takes: argument === undefined ? null : takenBy(argument.name(), argument.argChoices),
    flags: help.visibleOptions(command).map(flagOf),
  };
}

const flagOf = ({ long, short, description, flags, required, optional, argChoices }: Option) => ({
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
