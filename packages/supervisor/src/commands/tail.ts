import { existsSync } from 'node:fs';
import { ACTIONS } from '@hybrid-soak/contract/decision.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import { Unreadable, withSource } from '@hybrid-soak/report/file-source.ts';
import { lastLines } from '@hybrid-soak/report/last-lines.ts';
import { batchesOf, lineFollower } from '@hybrid-soak/report/line-follower.ts';
import { type TailFormatter, tailFormatter } from '@hybrid-soak/report/tail.ts';
import { Command, Option } from 'commander';
import { findPlaces } from '../recovery/places.ts';
import { hasGone, Stop } from '../stop.ts';
import { seconds, withDecisions } from './options.ts';

interface Flags {
  follow?: boolean;
  lines: string;
  action?: string[];
  since?: string;
  raw?: boolean;
  decisions?: string;
}

const POLL_MS = 250;
/** A log that was merged by hand, or a clock that was set, may leave stamps out of order by this much. */
const OUT_OF_ORDER_MS = 3_600_000;

export function tailCommand(): Command {
  return withDecisions(new Command('tail'))
    .description('the decisions as readable lines')
    .option('-f, --follow', 'keep printing new decisions, across rotation and truncation')
    .option('-n, --lines <n>', 'the last n; all of them with --since', '20')
    .addOption(actionOption())
    .option('--since <time>', 'only the last 45s, 10m, 2h')
    .option('--raw', 'print the lines unchanged')
    .addHelpText(
      'after',
      '\nExamples:\n  soak tail -f\n  soak tail --since 2h --action STALL --action ABORT\n  soak tail -n 5 --raw | jq .reason\n\nTimes are UTC.',
    )
    .action(tail);
}

/** Shown in `--help` and completed like choices, but accepted in any case and more than once. */
function actionOption(): Option {
  const option = new Option('--action <a>', 'only this action; may be given more than once');
  option.argParser((a: string, all: string[] = []) => [...all, a.toUpperCase()]);
  option.argChoices = [...ACTIONS];
  return option;
}

async function tail(flags: Flags): Promise<void> {
  const { decisions } = (await findPlaces(flags)).ops;
  await follow({ ...flags, decisions }).catch((error: Error) => {
    throw error instanceof Unreadable ? new Stop(SOAK_EXIT.CONFIG, error.message) : error;
  });
}

async function follow(flags: Flags & { decisions: string }): Promise<void> {
  const options = checked(flags);
  const formatter = tailFormatter({ ...options, raw: flags.raw === true, color: wantsColor() });
  if (!existsSync(flags.decisions)) {
    if (!flags.follow) throw new Stop(SOAK_EXIT.CONFIG, `${flags.decisions}: no such file; valid: a decision log`);
    process.stderr.write(`waiting for ${flags.decisions}\n`);
  }
  process.stdout.on('error', ({ code }: { code?: string }) =>
    process.exit(hasGone(code) ? SOAK_EXIT.PASS : SOAK_EXIT.BUG),
  );
  const from = showLast(flags, options.sinceMs, formatter);
  if (!flags.follow) return;
  const follower = lineFollower(flags.decisions, { from });
  for (;;) {
    for (const { lines } of batchesOf(follower)) print(lines.flatMap((line) => shown(formatter, line)));
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Prints what the log holds already; returns the offset at which the next line begins. */
function showLast(
  { decisions, lines, since, follow }: Flags & { decisions: string },
  sinceMs: number | null,
  formatter: TailFormatter,
): number {
  const keep = since === undefined ? Number(lines) : Number.POSITIVE_INFINITY;
  const last = withSource(decisions, (source) =>
    lastLines(source, keep, formatter.select, (line) => isOlder(line, (sinceMs ?? 0) - OUT_OF_ORDER_MS)),
  );
  if (last === null) return 0;
  print(last.chosen.flatMap(({ record, line }) => formatter.format(record, line)));
  if (last.torn > 0 && !follow) process.stderr.write(`the last line is torn (${last.torn} bytes)\n`);
  if (last.garbage > 0) process.stderr.write(`${last.garbage} lines are not decision records\n`);
  return last.end;
}

function shown(formatter: TailFormatter, line: string): string[] {
  const record = formatter.select(line);
  return record === null || record === 'garbage' ? [] : formatter.format(record, line);
}

/** Every record begins with its stamp. */
function isOlder(line: string, thanMs: number): boolean {
  const stamp = /^\{"timestamp": ?"([^"]*)"/.exec(line)?.[1];
  return stamp !== undefined && Date.parse(stamp) < thanMs;
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
