import { resolve } from 'node:path';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { POLICIES, type PolicyName } from '@hybrid-soak/contract/modes.ts';
import { printable, printableJson } from '@hybrid-soak/contract/printable.ts';
import { Unreadable } from '@hybrid-soak/report/file-source.ts';
import { NoRun } from '@hybrid-soak/report/read-log.ts';
import { type RunRow, runsOf } from '@hybrid-soak/report/runs.ts';
import { Command, Option } from 'commander';
import { type Outline, outlineOf } from '../core/ending/outline.ts';
import { findPlaces } from '../recovery/places.ts';
import { outlineOfLog } from '../replay/log-outline.ts';
import type { Recording } from '../replay/recorded.ts';
import { openRecording } from '../replay/recording.ts';
import { Stop } from '../stop.ts';
import { besideEachOther, differencesText } from '../text/outline.ts';
import { differencesOf } from './compare/differences.ts';

interface Flags {
  policy?: true | PolicyName[];
  policyA?: PolicyName;
  policyB?: PolicyName;
  runA?: string;
  runB?: string;
  withLastPass?: boolean;
  json?: boolean;
}

export function compareCommand(): Command {
  const policyOf = (which: string) =>
    new Option(`--policy-${which} <name>`, `judge ${which.toUpperCase()} by this policy`).choices(POLICIES);
  return new Command('compare')
    .description('two runs, or one run under two policies, next to each other: restarts, time per rung, verdict')
    .argument('[a]', "a samples file or a decision log; with --with-last-pass the unit's own log if none is named")
    .argument('[b]', 'another; without it A is compared with itself under another policy')
    .addOption(
      new Option('--policy [names...]', 'one run under these policies (default: classic adaptive)').choices(POLICIES),
    )
    .addOption(policyOf('a'))
    .addOption(policyOf('b'))
    .option('--run-a <id>', "the beginning of A's run id (default: the last run of the log)")
    .option('--run-b <id>', "the beginning of B's")
    .addOption(
      new Option('--with-last-pass', 'the last run of the log that passed before it, beside it').conflicts([
        ...['policy', 'policyA', 'policyB', 'runB'],
      ]),
    )
    .option('--json', 'one object: a, b, differences')
    .addHelpText(
      'after',
      '\nExamples:\n  soak compare monday.jsonl tuesday.jsonl\n  soak compare run.jsonl --policy\n  soak compare run.jsonl --policy classic adaptive\n  soak compare --with-last-pass\n  soak compare data/ops/soak_decisions.jsonl data/ops/soak_decisions.jsonl --run-a 5f0e --run-b a17c\n\nExit codes: 0, 2 usage, 12 no such recording.',
    )
    .action(async (a: string | undefined, b: string | undefined, flags: Flags, command: Command) => {
      if (flags.withLastPass) {
        process.stdout.write(withLastPass(a ?? (await findPlaces({})).ops.decisions, b, flags));
        return;
      }
      if (a === undefined) return command.error("error: missing required argument 'a'");
      const [left, right] =
        b === undefined
          ? oneRun(a, flags)
          : [outline(a, flags.policyA, flags.runA), outline(b, flags.policyB, flags.runB)];
      process.stdout.write(printed(titles(a, b, left, right), left, right, flags.json));
    });
}

/** A run as it is compared, with the beginning of its id. */
interface Compared {
  run: string;
  seen: Outline;
  file: string;
  recording: Recording;
}

/** Two files by their names, two runs of one file by their ids, one run by its policies. */
function titles(a: string, b: string | undefined, left: Compared, right: Compared): [string, string] {
  if (b === undefined) return [`${left.run} ${left.seen.policy}`, `${right.run} ${right.seen.policy}`];
  return resolve(a) === resolve(b) ? [left.run, right.run] : [a, b];
}

/** One run judged twice has nothing to pair. */
function printed(heads: [string, string], left: Compared, right: Compared, json = false): string {
  const isOne = left.recording.options.run_id === right.recording.options.run_id;
  const differences = isOne ? [] : differencesOf(left, right);
  if (json) return `${printableJson({ a: left.seen, b: right.seen, differences })}\n`;
  const more = isOne ? '' : `\n${differencesText([left.run, right.run], differences)}`;
  return `${besideEachOther(heads, left.seen, right.seen)}${more}`;
}

/** A run of a log and the one before it that passed. */
function withLastPass(file: string, b: string | undefined, { runA, json }: Flags): string {
  if (b !== undefined) throw new Stop(SOAK_EXIT.USAGE, `${b}: valid with --with-last-pass: one decision log`);
  const runs = runsIn(file);
  const at = runA === undefined ? runs.length - 1 : runs.findLastIndex(({ run_id }) => run_id.startsWith(runA));
  const present = runs[at];
  const passed = runs.slice(0, Math.max(0, at)).findLast(({ verdict }) => verdict === 'PASS');
  if (present === undefined || passed === undefined)
    throw new Stop(SOAK_EXIT.CONFIG, `${file}: no run passed before; valid: a log with one (soak runs)`);
  const [left, right] = [passed.run_id, present.run_id].map((run) => outline(file, undefined, run)) as [
    Compared,
    Compared,
  ];
  return printed([left.run, right.run], left, right, json);
}

/** The runs of a log, oldest first; exit code 12 without one. */
export function runsIn(file: string): RunRow[] {
  try {
    return runsOf(file);
  } catch (error) {
    if (error instanceof Unreadable || error instanceof NoRun) throw new Stop(SOAK_EXIT.CONFIG, error.message);
    throw error;
  }
}

/** One run under two policies; without any that is named, as it was recorded beside the other policy. */
function oneRun(file: string, { policy, policyA, policyB, runA }: Flags): [Compared, Compared] {
  const named = policy === true ? [...POLICIES].reverse() : (policy ?? []);
  if (named.length > 2)
    throw new Stop(SOAK_EXIT.USAGE, `--policy ${named.join(' ')}: ${named.length} policies; valid: one or two`);
  const [first, second] = named.length === 1 ? [undefined, named[0]] : named;
  const left = outline(file, policyA ?? first, runA);
  const right = policyB ?? second ?? (left.seen.policy === 'adaptive' ? 'classic' : 'adaptive');
  return [left, outline(file, right, runA)];
}

/** As it was recorded; judged again if a policy is named, or if there are only samples. */
function outline(file: string, policy: PolicyName | undefined, wanted: string | undefined): Compared {
  const recording: Recording = openRecording(file, wanted);
  const run = recording.options.run_id.slice(0, 8);
  const recorded = policy === undefined ? recording.recorded() : [];
  if (recorded.length > 0) return { run, file, recording, seen: outlineOfLog(recorded, recording.options) };
  const replayed = recording.replay({ ...(policy === undefined ? {} : { policy }), parameters: {} });
  for (const note of recording.notes) process.stderr.write(`${printable(`${file}: ${note}`)}\n`);
  return { run, file, recording, seen: outlineOf(replayed, recording.kind === 'samples') };
}
