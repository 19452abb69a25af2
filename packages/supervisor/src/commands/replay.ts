import type { Decision, LoggedDecision } from '@hybrid-soak/contract/decision.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { POLICIES, type PolicyName } from '@hybrid-soak/contract/modes.ts';
import type { SoakPolicy } from '@hybrid-soak/contract/policy.ts';
import { printable, printableJson } from '@hybrid-soak/contract/printable.ts';
import { Command, Option } from 'commander';
import { outlineOf } from '../core/ending/outline.ts';
import { outlineOfLog } from '../replay/log-outline.ts';
import { openRecording } from '../replay/recording.ts';
import { Stop } from '../stop.ts';
import { besideEachOther, table } from '../text/outline.ts';

interface Flags {
  policy?: PolicyName;
  run?: string;
  set?: string[];
  json?: boolean;
}

export function replayCommand(): Command {
  return new Command('replay')
    .description('what a policy would have decided over a recorded run, beside what was decided then')
    .argument('<file>', "a samples file, or a decision log, also the earlier tool's")
    .addOption(new Option('--policy <name>', "how pressure is judged (default: the run's own)").choices(POLICIES))
    .option('--run <id>', "the beginning of a run's id (default: the last run of the log)")
    .option('--set <key=value>', 'a key of [soak.policy]; may be given again', (pair, pairs: string[] = []) => [
      ...pairs,
      pair,
    ])
    .option('--json', 'one object: policy, decisions, summary')
    .addHelpText(
      'after',
      '\nExamples:\n  soak replay data/ops/soak_samples.jsonl\n  soak replay data/ops/soak_decisions.jsonl --policy classic --set cpu_limit=30\n\nExit codes: 0, 2 usage, 12 no such recording.',
    )
    .action((file: string, flags: Flags) => replay(file, flags));
}

async function replay(file: string, { policy, run, set = [], json }: Flags): Promise<void> {
  const parameters = set.length > 0 ? await parametersOf(set) : {};
  const recording = openRecording(file, run);
  const replayed = recording.replay({ ...(policy === undefined ? {} : { policy }), parameters });
  const outline = outlineOf(replayed, recording.kind === 'samples');
  for (const note of recording.notes) process.stderr.write(`${printable(`${file}: ${note}`)}\n`);
  if (json) {
    const { decisions } = replayed;
    process.stdout.write(`${printableJson({ policy: outline.policy, decisions, summary: outline })}\n`);
    return;
  }
  const { options } = recording;
  const recorded = recording.recorded();
  if (recorded.length === 0) process.stderr.write(`${printable(file)}: no decision log of this run lies beside it\n`);
  process.stdout.write(sideBySide(recorded, replayed.decisions));
  const then = outlineOfLog(recorded, options);
  process.stdout.write(`\n${besideEachOther(['recorded', 'replayed'], recorded.length > 0 ? then : outline, outline)}`);
}

/** `--set` pairs, checked as the config file is; one line a fault and exit code 2. */
async function parametersOf(pairs: string[]): Promise<Partial<SoakPolicy>> {
  // A TOML parser that only `--set` needs.
  const { checkConfig } = await import('@hybrid-soak/contract/config-check.ts');
  const parameters: Record<string, unknown> = {};
  for (const pair of pairs) {
    const [, key, value] = /^([A-Za-z0-9_]+)=(.+)$/.exec(pair) ?? [];
    if (key === undefined || value === undefined)
      throw new Stop(SOAK_EXIT.USAGE, `--set ${pair}: valid: key=value with a key of [soak.policy]`);
    const checked = checkConfig(`[soak.policy]\n${key} = ${value}\n`, '--set');
    if (!checked.ok) {
      const { problem, valid } = checked.faults[0] ?? { problem: 'wrong', valid: '' };
      throw new Stop(SOAK_EXIT.USAGE, `--set ${pair}: ${valid === '' ? problem : `${problem}; valid: ${valid}`}`);
    }
    parameters[key] = checked.value.soak.policy[key as keyof SoakPolicy];
  }
  return parameters;
}

interface Shown {
  timestamp: string;
  text: string;
}

const show = ({ timestamp, state, action, reason }: LoggedDecision): Shown => {
  const text = `${state ?? ''} ${action}: ${reason ?? ''}`.trim();
  return { timestamp, text: text.length > 60 ? `${text.slice(0, 59)}…` : text };
};

/** What was decided then on the left, what is decided now on the right, in the order of time. */
function sideBySide(recorded: readonly LoggedDecision[], decisions: readonly Decision[]): string {
  const [left, right] = [recorded.map(show), decisions.map(show)];
  const rows: string[][] = [['time', 'recorded', 'replayed']];
  for (let l = 0, r = 0; l < left.length || r < right.length; ) {
    const [then, now] = [left[l], right[r]];
    const order = then === undefined ? 1 : now === undefined ? -1 : then.timestamp.localeCompare(now.timestamp);
    if (order <= 0) l++;
    if (order >= 0) r++;
    const { timestamp } = (order <= 0 ? then : now) as Shown;
    rows.push([timestamp.slice(11, 19), order <= 0 ? (then as Shown).text : '', order >= 0 ? (now as Shown).text : '']);
  }
  return table(rows);
}
