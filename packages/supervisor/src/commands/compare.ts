import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { POLICIES, type PolicyName } from '@hybrid-soak/contract/modes.ts';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { Command, Option } from 'commander';
import { type Outline, outlineOf } from '../core/ending/outline.ts';
import { outlineOfLog } from '../replay/log-outline.ts';
import type { Recording } from '../replay/recorded.ts';
import { openRecording } from '../replay/recording.ts';
import { Stop } from '../stop.ts';
import { besideEachOther } from '../text/outline.ts';

interface Flags {
  policy?: true | PolicyName[];
  policyA?: PolicyName;
  policyB?: PolicyName;
  runA?: string;
  runB?: string;
  json?: boolean;
}

export function compareCommand(): Command {
  const policyOf = (which: string) =>
    new Option(`--policy-${which} <name>`, `judge ${which.toUpperCase()} by this policy`).choices(POLICIES);
  return new Command('compare')
    .description('two runs, or one run under two policies, next to each other: restarts, time per rung, verdict')
    .argument('<a>', 'a samples file or a decision log')
    .argument('[b]', 'another; without it A is compared with itself under another policy')
    .addOption(
      new Option('--policy [names...]', 'one run under these policies (default: classic adaptive)').choices(POLICIES),
    )
    .addOption(policyOf('a'))
    .addOption(policyOf('b'))
    .option('--run-a <id>', "the beginning of A's run id (default: the last run of the log)")
    .option('--run-b <id>', "the beginning of B's")
    .option('--json', 'one object: a, b')
    .addHelpText(
      'after',
      '\nExamples:\n  soak compare monday.jsonl tuesday.jsonl\n  soak compare run.jsonl --policy\n  soak compare run.jsonl --policy classic adaptive\n  soak compare data/ops/soak_decisions.jsonl data/ops/soak_decisions.jsonl --run-a 5f0e --run-b a17c\n\nExit codes: 0, 2 usage, 12 no such recording.',
    )
    .action((a: string, b: string | undefined, flags: Flags) => {
      const [left, right] =
        b === undefined
          ? oneRun(a, flags)
          : [outline(a, flags.policyA, flags.runA), outline(b, flags.policyB, flags.runB)];
      const titles: [string, string] = b === undefined ? [left.policy, right.policy] : [a, b];
      const printed = flags.json ? `${JSON.stringify({ a: left, b: right })}\n` : besideEachOther(titles, left, right);
      process.stdout.write(printed);
    });
}

/** One run under two policies; without any that is named, as it was recorded beside the other policy. */
function oneRun(file: string, { policy, policyA, policyB, runA }: Flags): [Outline, Outline] {
  const named = policy === true ? [...POLICIES].reverse() : (policy ?? []);
  if (named.length > 2)
    throw new Stop(SOAK_EXIT.USAGE, `--policy ${named.join(' ')}: ${named.length} policies; valid: one or two`);
  const [first, second] = named.length === 1 ? [undefined, named[0]] : named;
  const left = outline(file, policyA ?? first, runA);
  const right = policyB ?? second ?? (left.policy === 'adaptive' ? 'classic' : 'adaptive');
  return [left, outline(file, right, runA)];
}

/** As it was recorded; judged again if a policy is named, or if there are only samples. */
function outline(file: string, policy: PolicyName | undefined, run: string | undefined): Outline {
  const recording: Recording = openRecording(file, run);
  if (policy === undefined && recording.recorded.length > 0) return outlineOfLog(recording.recorded, recording.options);
  const replayed = recording.replay({ ...(policy === undefined ? {} : { policy }), parameters: {} });
  for (const note of recording.notes) process.stderr.write(`${printable(`${file}: ${note}`)}\n`);
  return outlineOf(replayed, recording.kind === 'samples');
}
