import { existsSync } from 'node:fs';
import { ACTIONS } from '@hybrid-soak/contract/decision.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { batchesOf, lineFollower, Unreadable } from '@hybrid-soak/report/line-follower.ts';
import { parseRecord } from '@hybrid-soak/report/read-log.ts';
import { tailFormatter } from '@hybrid-soak/report/tail.ts';
import { Command, Option } from 'commander';
import { Stop } from '../stop.ts';
import { hasGone } from './outlive-readers.ts';
import { seconds } from './run-options.ts';

interface Flags {
  follow?: boolean;
  lines: string;
  action?: string[];
  since?: string;
  raw?: boolean;
  decisions: string;
}

const POLL_MS = 250;

export function tailCommand(): Command {
  return new Command('tail')
    .description('the decisions as readable lines')
    .option('-f, --follow', 'go on as they are written, across rotation and truncation')
    .option('-n, --lines <n>', 'the last n; all of them with --since', '20')
    .addOption(actionOption())
    .option('--since <time>', 'only the last 45s, 10m, 2h')
    .option('--raw', 'the lines as they stand in the file')
    .option('--decisions <file>', 'the decision log', 'data/ops/soak_decisions.jsonl')
    .addHelpText(
      'after',
      '\nExamples:\n  soak tail -f\n  soak tail --since 2h --action STALL --action ABORT\n  soak tail -n 5 --raw | jq .reason\n\nTimes are UTC.',
    )
    .action(tail);
}

/** Told in `--help` and completed as choices are, but taken in any case and more than once. */
function actionOption(): Option {
  const option = new Option('--action <a>', 'only this action; may be given more than once');
  option.argParser((a: string, all: string[] = []) => [...all, a.toUpperCase()]);
  option.argChoices = [...ACTIONS];
  return option;
}

async function tail(flags: Flags): Promise<void> {
  await follow(flags).catch((error: Error) => {
    throw error instanceof Unreadable ? new Stop(SOAK_EXIT.CONFIG, error.message) : error;
  });
}

async function follow(flags: Flags): Promise<void> {
  const formatter = tailFormatter({ ...checked(flags), raw: flags.raw === true, color: wantsColor() });
  if (!existsSync(flags.decisions)) {
    if (!flags.follow) throw new Stop(SOAK_EXIT.CONFIG, `${flags.decisions}: no such file; valid: a decision log`);
    process.stderr.write(`waiting for ${flags.decisions}\n`);
  }
  process.stdout.on('error', ({ code }: { code?: string }) =>
    process.exit(hasGone(code) ? SOAK_EXIT.PASS : SOAK_EXIT.BUG),
  );
  const follower = lineFollower(flags.decisions);
  let garbage = 0;
  const take = (keep: number): string[] => {
    let chosen: (() => string[])[] = [];
    const choose = (lines: string[]) => {
      for (const line of lines) {
        const record = formatter.select(line);
        if (record === 'garbage') garbage++;
        else if (record !== null) chosen.push(() => formatter.format(record, line));
      }
      if (chosen.length > keep) chosen = keep === 0 ? [] : chosen.slice(-keep);
    };
    for (const { lines } of batchesOf(follower)) choose(lines);
    if (!flags.follow) choose(lastWithoutNewline(follower.torn()));
    return chosen.flatMap((lines) => lines());
  };
  print(take(flags.since === undefined ? Number(flags.lines) : Number.POSITIVE_INFINITY));
  if (garbage > 0) process.stderr.write(`${garbage} lines are no decision records\n`);
  if (!flags.follow) return follower.close();
  for (;;) {
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    print(take(Number.POSITIVE_INFINITY));
  }
}

/** A last line that only lacks its newline is a line; one that is cut off is told. */
function lastWithoutNewline(text: string): string[] {
  if (text === '' || parseRecord(text) !== null) return text === '' ? [] : [text];
  process.stderr.write(`the last line is torn (${Buffer.byteLength(text)} bytes)\n`);
  return [];
}

function print(lines: string[]): void {
  if (lines.length > 0) process.stdout.write(`${lines.join('\n')}\n`);
}

function checked({ lines, action = [], since }: Flags) {
  if (!/^\d+$/.test(lines)) throw new Stop(SOAK_EXIT.USAGE, `--lines ${lines}: valid: a whole number from 0`);
  const unknown = action.find((name) => !(ACTIONS as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new Stop(SOAK_EXIT.USAGE, `--action ${unknown}: valid: one of ${ACTIONS.join(', ')}`);
  return { actions: action, sinceMs: since === undefined ? null : Date.now() - seconds('--since', since, 0) * 1000 };
}

function wantsColor(): boolean {
  return process.stdout.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}
