import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { EXPLAINED, type Explained, explain } from '@hybrid-soak/contract/explain.ts';
import { Argument, Command } from 'commander';
import { Stop } from '../stop.ts';

export function explainCommand(): Command {
  const words = new Argument('[word...]', 'an action, a code of a record, a verdict or an exit code (default: all)');
  // Completed like choices, but accepted in any case.
  words.argChoices = [...new Set(EXPLAINED.map(({ word }) => word).filter((word) => !word.includes(' ')))];
  return new Command('explain')
    .description('what a word of the log or an exit code means, and what to do')
    .addArgument(words)
    .option('--json', 'as a JSON array')
    .addHelpText('after', '\nExamples:\n  soak explain STALL\n  soak explain ambient\n  soak explain 13')
    .action((asked: string[], { json }: { json?: boolean }) => {
      const found = asked.length === 0 ? EXPLAINED : lookUp(asked);
      process.stdout.write(json ? `${JSON.stringify(found)}\n` : found.map(explainedText).join(''));
    });
}

/** `no trades` is one word in two arguments too. */
function lookUp(asked: string[]): Explained[] {
  const whole = explain(asked.join(' '));
  if (whole.length > 0) return whole;
  return asked.flatMap((word) => {
    const found = explain(word);
    if (found.length > 0) return found;
    const near = EXPLAINED.filter((entry) => entry.word.toLowerCase().includes(word.toLowerCase())).map((e) => e.word);
    const valid = near.length > 0 ? near.join(', ') : 'an action, code, verdict or exit code; `soak explain` lists all';
    throw new Stop(SOAK_EXIT.USAGE, `${word}: not known; valid: ${valid}`);
  });
}

const explainedText = ({ word, kind, means, act }: Explained): string =>
  `${word}  (${kind})\n  means: ${means.replaceAll('`', '')}\n  do:    ${act.replaceAll('`', '')}\n`;
