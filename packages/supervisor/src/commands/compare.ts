import { POLICIES, type PolicyName } from '@hybrid-soak/contract/modes.ts';
import { Command, Option } from 'commander';
import { type Outline, outlineOf } from '../core/ending/outline.ts';
import { outlineOfLog } from '../replay/log-outline.ts';
import { openRecording } from '../replay/recording.ts';
import { besideEachOther } from '../text/outline.ts';

interface Flags {
  policyA?: PolicyName;
  policyB?: PolicyName;
  runA?: string;
  runB?: string;
  json?: boolean;
}

export function compareCommand(): Command {
  const policy = (which: string) =>
    new Option(`--policy-${which} <name>`, `judge ${which.toUpperCase()} by this policy`).choices(POLICIES);
  return new Command('compare')
    .description('two runs next to each other: restarts, time per rung, pressure, ticks lost, verdict')
    .argument('<a>', 'a samples file or a decision log')
    .argument('<b>', 'another; or the same, with --policy-b or --run-b')
    .addOption(policy('a'))
    .addOption(policy('b'))
    .option('--run-a <id>', "the beginning of A's run id (default: the last run of the log)")
    .option('--run-b <id>', "the beginning of B's")
    .option('--json', 'one object: a, b')
    .addHelpText(
      'after',
      '\nExamples:\n  soak compare monday.jsonl tuesday.jsonl\n  soak compare run.jsonl run.jsonl --policy-a classic --policy-b adaptive\n  soak compare data/ops/soak_decisions.jsonl data/ops/soak_decisions.jsonl --run-a 5f0e --run-b a17c\n\nExit codes: 0, 2 usage, 12 no such recording.',
    )
    .action((a: string, b: string, { policyA, policyB, runA, runB, json }: Flags) => {
      const [left, right] = [outline(a, policyA, runA), outline(b, policyB, runB)];
      const printed = json ? `${JSON.stringify({ a: left, b: right })}\n` : besideEachOther([a, b], left, right);
      process.stdout.write(printed);
    });
}

/** As it was recorded; judged again where a policy is asked for, or where there are only samples to tell. */
function outline(file: string, policy: PolicyName | undefined, run: string | undefined): Outline {
  const recording = openRecording(file, run);

  const said = policy === undefined && recording.recorded.length > 0;
  if (said) return outlineOfLog(recording.recorded, recording.options);
  const replayed = recording.replay({ ...(policy === undefined ? {} : { policy }), parameters: {} });
  for (const note of recording.notes) process.stderr.write(`${file}: ${note}\n`);
  return outlineOf(replayed, recording.kind === 'samples');
}
