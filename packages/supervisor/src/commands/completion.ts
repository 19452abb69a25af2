import { COMPLETIONS, type Completable, completionHelp, completionText } from '@hybrid-soak/contract/completion.ts';
import { Argument, Command } from 'commander';

/** Completes the program that it is given. */
export function completionCommand(program: () => Promise<Command>): Command {
  const { about, argument, examples } = completionHelp('soak');
  return new Command('completion')
    .description(about)
    .addArgument(new Argument('<shell>', argument).choices(COMPLETIONS))
    .addHelpText('after', examples)
    .action(async (shell: Completable) => {
      process.stdout.write(completionText(await program(), shell));
    });
}
