import { meaningOfRecord } from '@hybrid-soak/contract/explain.ts';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { stampMs } from '@hybrid-soak/contract/stamp.ts';
import { headingOf } from './heading.ts';
import { numbersOf } from './numbers.ts';
import { parseRecord, type ShownDecision } from './read-log.ts';
import { clockText } from './stamp.ts';
import { wrapped } from './terminal/line.ts';

export interface TailOptions {
  /** Only these actions; empty for all. */
  actions: readonly string[];
  /** Only records from this moment on, and up to that one, ms since the epoch. */
  sinceMs: number | null;
  untilMs: number | null;
  /** Only records of this run; null for all. */
  run: string | null;
  /** Only records whose action, reason or numbers match. */
  grep: RegExp | null;
  /** `json`: the lines unchanged; `cat`: action and reason alone. */
  output: 'short' | 'cat' | 'json';
  /** Below each record what it means and what to do. */
  explain: boolean;
  utc: boolean;
  color: boolean;
  /** Width of the terminal; null breaks no line. */
  columns: number | null;
}

const BOLD = '\x1b[1m';
const DIM = '\x1b[2m';
const RED = '\x1b[31m';
const YELLOW = '\x1b[33m';
const GREEN = '\x1b[32m';
const RESET = '\x1b[0m';
const COLORS: Readonly<Record<string, string>> = {
  STALL: RED,
  ABORT: RED,
  ENGINE_EXIT: RED,
  ENGINE_RESTART_FAILED: RED,
  CONFIG_ERROR: RED,
  THROTTLE_MAX: RED,
  ENGINE_RESTART: YELLOW,
  PSI_UNAVAILABLE: YELLOW,
  PSI_LOGONLY: YELLOW,
  STARVED: YELLOW,
  ENGINE_RESTARTED: GREEN,
  COMPLETE: GREEN,
  HOLD: DIM,
  QUIET: DIM,
};

export interface TailFormatter {
  /** The line's record if it is wanted, `garbage` if it is not a record, null if it is filtered out. */
  select(this: void, line: string): ShownDecision | 'garbage' | null;
  /** The record as lines for a person, with a heading if a new run or a new day begins. */
  format(record: ShownDecision, line: string): string[];
}

/** Turns lines of the log into lines for a person. */
export function tailFormatter(options: TailOptions): TailFormatter {
  let heading = '';
  const columns = options.columns ?? Number.POSITIVE_INFINITY;
  // The reason stays below itself, if there is room for it.
  const textColumn = columns < 80 ? 10 : 46;
  const broken = (lines: readonly string[], indent: number) => lines.flatMap((line) => wrapped(line, columns, indent));
  // A filtered action is not parsed: a search for one rare action reads the whole log.
  const mayBeWanted = (line: string) => options.actions.length === 0 || options.actions.some((a) => line.includes(a));
  return {
    select(line) {
      if (!mayBeWanted(line)) return null;
      const record = parseRecord(line);
      if (record === null) return line.trim() === '' ? null : 'garbage';
      return isWanted(record, options) ? record : null;
    },
    format(record, line) {
      // The same JSON, with escapes for what steers a terminal.
      if (options.output === 'json') return [printable(line)];
      if (options.output === 'cat') return [printable(`${record.action}: ${record.reason}`), ...explained(record)];
      const next = headingOf(record, options);
      const lines = next === heading ? [] : [paint(DIM, next)];
      heading = next;
      return [...broken(lines, 3), ...broken([readable(record)], textColumn), ...broken(explained(record), 11)];
    },
  };

  function paint(color: string | undefined, text: string): string {
    return options.color && color !== undefined ? `${color}${text}${RESET}` : text;
  }

  function explained(record: ShownDecision): string[] {
    const meaning = options.explain ? meaningOfRecord(record) : null;
    return meaning === null ? [] : [paint(DIM, `         = ${meaning[0]}; do: ${meaning[1]}`.replaceAll('`', ''))];
  }

  function readable(record: ShownDecision): string {
    const numbers = numbersOf(record);
    const action = printable(record.action);
    const every = record.current_sample_every === null ? '' : `1/${record.current_sample_every}`;
    const columns = [
      clockText(stampMs(record.timestamp), options),
      printable(record.state).padEnd(9),
      every.padEnd(4),
      paint(COLORS[record.action], action) + ' '.repeat(Math.max(0, 21 - action.length)),
      paint(BOLD, printable(record.reason)),
      numbers === '' ? '' : paint(DIM, `(${printable(numbers)})`),
    ];
    return columns.join(' ').trimEnd();
  }
}

function isWanted(record: ShownDecision, { actions, run, sinceMs, untilMs, grep }: TailOptions): boolean {
  const at = stampMs(record.timestamp);
  return (
    (actions.length === 0 || actions.includes(record.action)) &&
    (run === null || record.run_id === run) &&
    (sinceMs === null || at >= sinceMs) &&
    (untilMs === null || at <= untilMs) &&
    (grep === null || grep.test(`${record.action} ${record.reason} ${numbersOf(record)}`))
  );
}
