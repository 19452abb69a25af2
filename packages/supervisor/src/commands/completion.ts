import { Argument, Command, type Option } from 'commander';
import { completionScript, SHELLS, type Word } from '../text/completion-script.ts';

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
  const values = command.registeredArguments.flatMap((argument) => argument.argChoices ?? []);
  return {
    name: command.name(),
    description: command.description(),
    values,
    files: values.length === 0 && command.registeredArguments.length > 0,
    flags: help.visibleOptions(command).map(flagOf),
  };
}

const flagOf = ({ long, short, description, required, optional, argChoices }: Option) => ({
  long: long ?? '',
  short: short ?? null,
  description,
  takesValue: required || optional,
  values: argChoices ?? [],
});
