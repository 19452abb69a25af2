import { existsSync, statSync } from 'node:fs';
import { ACTIONS } from '@hybrid-soak/contract/decision.ts';
import { SOAK_EXIT } from '@hybrid-soak/contract/exit-codes.ts';
import type { ByteSource } from '@hybrid-soak/contract/json-lines.ts';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { Unreadable, withSource } from '@hybrid-soak/report/file-source.ts';
import { lastLines } from '@hybrid-soak/report/last-lines.ts';
import { batchesOf, lineFollower } from '@hybrid-soak/report/line-follower.ts';
import { choose, NoRun } from '@hybrid-soak/report/read-log.ts';
import { type TailFormatter, type TailOptions, tailFormatter } from '@hybrid-soak/report/tail.ts';
import { Command, Option } from 'commander';
import { UnfitInput, wholeInput } from '../adapters/whole-input.ts';
import { findPlaces, placesOf } from '../recovery/places.ts';
import { hasGone, Stop } from '../stop.ts';
import { parseMoment } from '../text/moment.ts';
import { withDecisions } from './options.ts';

interface Flags {
  follow?: boolean;
  lines?: string;
  action?: string[];
  since?: string;
  until?: string;
  grep?: string;
  run?: string;
  output: TailOptions['output'];
  reverse?: boolean;
  explain?: boolean;
  utc?: boolean;
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
    .option('-n, --lines <n>', 'the last n (default: 20; all of them with --since, --until, --grep or --run)')
    .option('-r, --reverse', 'the newest first')
    .addOption(actionOption())
    .option('--since <time>', 'from then on: 2h (ago), 09:00, yesterday, "2026-11-26 09:00"')
    .option('--until <time>', 'up to then')
    .option('--grep <pattern>', 'only what matches this regular expression; all lower case: in any case')
    .option('--run <id>', 'only the run whose id begins so; -1 is the one before the last')
    .addOption(new Option('-o, --output <how>', 'how').choices(['short', 'cat', 'json']).default('short'))
    .option('--explain', 'below each what it means and what to do')
    .option('--utc', 'times in UTC (default: local time, its offset in the headings)')
    .option('--raw', 'the same as -o json: the lines unchanged')
    .addHelpText(
      'after',
      '\nExamples:\n  soak tail -f\n  soak tail --since 09:00 --action STALL --action ABORT --explain\n  soak tail -n 5 -o json | jq .reason\n  soak tail --decisions soak_decisions.jsonl.1.gz --run -1\n\n--decisions reads pipes, .gz and, as `-`, stdin.',
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
  process.stdout.on('error', ({ code }: { code?: string }) =>
    process.exit(hasGone(code) ? SOAK_EXIT.PASS : SOAK_EXIT.BUG),
  );
  try {
    if (flags.decisions !== undefined && isStream(flags.decisions)) return await tailStream(flags, flags.decisions);
    // A log that is named needs no unit to be asked for it, and so no systemctl.
    const places = flags.decisions === undefined ? await findPlaces(flags) : placesOf(flags, null);
    await follow({ ...flags, decisions: places.ops.decisions });
  } catch (error) {
    if (error instanceof Unreadable || error instanceof UnfitInput || error instanceof NoRun)
      throw new Stop(SOAK_EXIT.CONFIG, error.message);
    throw error;
  }
}

/** stdin, a pipe, or a packed file: read whole, not followed. */
function isStream(path: string): boolean {
  if (path === '-' || path.endsWith('.gz')) return true;
  return statSync(path, { throwIfNoEntry: false })?.isFIFO() === true;
}

async function tailStream(flags: Flags, path: string): Promise<void> {
  const options = checked(flags);
  if (flags.follow)
    throw new Stop(SOAK_EXIT.USAGE, `--follow ${path}: a stream has an end; valid: --follow of a file that grows`);
  const { bytes, cut } = await wholeInput(path).catch((error: { code?: string }) => {
    if (error.code === 'ENOENT') throw new Stop(SOAK_EXIT.CONFIG, `${path}: no such file; valid: a decision log`);
    throw error;
  });
  const source = {
    size: bytes.length,
    read: (into: Uint8Array, at: number) => bytes.copy(into, 0, at, at + into.length),
  };
  showLast(flags, source, path, options);
  if (cut) process.stderr.write(`${printable(path)}: ends in its middle; shown is what could be unpacked\n`);
}

async function follow(flags: Flags & { decisions: string }): Promise<void> {
  const options = checked(flags);
  if (!existsSync(flags.decisions)) {
    if (!flags.follow) throw new Stop(SOAK_EXIT.CONFIG, `${flags.decisions}: no such file; valid: a decision log`);
    process.stderr.write(`waiting for ${printable(flags.decisions)}\n`);
  }
  const shownLast = withSource(flags.decisions, (source) => showLast(flags, source, flags.decisions, options));
  if (!flags.follow) return;
  const formatter = shownLast?.formatter ?? tailFormatter(options);
  const follower = lineFollower(flags.decisions, { from: shownLast?.end ?? 0 });
  for (;;) {
    for (const { lines } of batchesOf(follower)) print(lines.flatMap((line) => shown(formatter, line)));
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/** Prints what the log holds already; `end` is the offset at which the next line begins. Throws NoRun. */
function showLast(flags: Flags, source: ByteSource, path: string, options: TailOptions) {
  const run = flags.run === undefined ? null : choose(source, flags.run, path).run_id;
  const formatter = tailFormatter({ ...options, run });
  const all = [flags.since, flags.until, flags.grep, flags.run].some((flag) => flag !== undefined);
  const isFiltered = all || options.actions.length > 0;
  const keep = flags.lines === undefined ? (all ? Number.POSITIVE_INFINITY : 20) : Number(flags.lines);
  const oldest = (options.sinceMs ?? 0) - OUT_OF_ORDER_MS;
  const last = lastLines(source, keep, formatter.select, (line) => isOlder(line, oldest));
  const chosen = flags.reverse ? last.chosen.toReversed() : last.chosen;
  print(chosen.flatMap(({ record, line }) => formatter.format(record, line)));
  if (last.torn > 0 && !flags.follow) process.stderr.write(`the last line is torn (${last.torn} bytes)\n`);
  if (last.garbage > 0)
    process.stderr.write(last.garbage === 1 ? '1 line is not a record\n' : `${last.garbage} lines are not records\n`);
  if (chosen.length === 0 && keep > 0 && !flags.follow)
    process.stderr.write(`${printable(path)}: no decision${isFiltered ? ' matches' : ' in it'}\n`);
  return { formatter, end: last.end };
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

function checked({ lines, action = [], since, until, grep, output, explain, utc, raw }: Flags): TailOptions {
  if (lines !== undefined && !/^\d+$/.test(lines))
    throw new Stop(SOAK_EXIT.USAGE, `--lines ${lines}: valid: a whole number from 0`);
  const unknown = action.find((name) => !(ACTIONS as readonly string[]).includes(name));
  if (unknown !== undefined)
    throw new Stop(SOAK_EXIT.USAGE, `--action ${unknown}: valid: one of ${ACTIONS.join(', ')}`);
  const moment = (flag: string, text: string | undefined) => {
    if (text === undefined) return null;
    const at = parseMoment(text, Date.now(), utc === true);
    if (at !== undefined) return at;
    throw new Stop(SOAK_EXIT.USAGE, `${flag} ${text}: valid: 2h (ago), 09:00, yesterday, "2026-11-26 09:00"`);
  };
  return {
    ...{ actions: action, sinceMs: moment('--since', since), untilMs: moment('--until', until), run: null },
    ...{ grep: grep === undefined ? null : pattern(grep), output: raw ? 'json' : output },
    ...{ explain: explain === true, utc: utc === true, color: wantsColor() },
    columns: process.stdout.isTTY === true ? process.stdout.columns || null : null,
  };
}

function pattern(text: string): RegExp {
  try {
    return new RegExp(text, text === text.toLowerCase() ? 'i' : '');
  } catch (error) {
    throw new Stop(SOAK_EXIT.USAGE, `--grep ${text}: ${(error as Error).message}; valid: a regular expression`);
  }
}

function wantsColor(): boolean {
  return process.stdout.isTTY === true && !process.env['NO_COLOR'] && process.env['TERM'] !== 'dumb';
}
