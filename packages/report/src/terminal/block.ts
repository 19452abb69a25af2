import { RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import { lineOf, type Paint, type Span, type TextStyle, unpainted, widthOf, wrapped } from './line.ts';
import { bar, sparkline } from './sparkline.ts';

/** What a person sees of a running soak at one moment; null is "unknown". */
export interface View {
  rung: string;
  sample_every: number;
  /** What it is busy with or waits for; empty if all is well. */
  doing: string;
  /** Of the soak's own time, which begins with the engine's first start; null before it. Never past `duration_s`. */
  elapsed_s: number | null;
  duration_s: number;
  /**
   * Percent of wall time: the host's stall now, the engine's part of it, the part's limit, the baseline without the engine,
   * the last 60 s, oldest first.
   */
  pressure: Record<
    Resource,
    {
      now: number | null;
      part: number | null;
      limit: number;
      baseline: number | null;
      last: readonly (number | null)[];
    }
  >;
  ticks_per_second: number | null;
  /** Frames received divided by `sample_every`. */
  expected_per_second: number | null;
  ticks: number | null;
  since_progress_s: number | null;
  stall_threshold_s: number;
  /** So far in this run. */
  restarts: number;
  stalls: number;
  engine_exits: number;
  /** Recoveries and stall restarts within the last hour, and how many the policy allows in one. */
  budget_used: number;
  restart_budget: number;
  engine_memory_mib: number | null;
  /** Percent of one CPU. */
  engine_cpu_time: number | null;
  /** The last decision: what it was, how long ago, what it means. */
  last: { action: string; ago_s: number; means: string } | null;
}

const LABEL = 11;
/** The baseline is left out if it would leave the sparkline less than this. */
const SPARK_CELLS = 8;
/** A wide terminal shows no more for it. */
const WIDEST_BAR = 60;

/** Share of a limit from which a value is a near miss. */
const NEAR = 0.8;

/** Below this many cells the numbers and their yardsticks stay, and words go. */
const NARROW = 56;
/** From this many on the rate of rows stands beside the one that is expected. */
const WIDE = 78;
/** What the last decision means takes this many lines at most. */
const LAST_LINES = 3;

/** The view as lines, none longer than `columns` cells. */
export function block(view: View, columns: number, paint: Paint = unpainted): string[] {
  const spans: Span[][] = [
    [
      [rungFormat(view.rung), view.rung],
      ['bold', `  sample_every ${view.sample_every}`],
      ...(view.doing === '' ? [] : [['dim', `  ${view.doing}`] as Span]),
    ],
    timeLine(view, columns),
    ...RESOURCES.map((resource) => pressureLine(resource, view.pressure[resource], columns)),
    ticksLine(view, columns),
    engineLine(view, columns < NARROW),
    soFarLine(view, columns < NARROW),
    ...lastLines(view.last, columns),
  ];
  return spans.map((line) => lineOf(line, columns, paint));
}

function timeLine({ elapsed_s, duration_s }: View, columns: number): Span[] {
  if (elapsed_s === null) return [`0:00 of ${clock(duration_s)}, the time begins with the engine's start`];
  const elapsed = Math.min(elapsed_s, duration_s);
  const left = Math.max(0, duration_s - Math.floor(elapsed));
  const text = ` ${clock(elapsed)} of ${clock(duration_s)}, ${clock(left)} left`;
  const cells = Math.min(WIDEST_BAR, columns - 2 - widthOf(text));
  if (cells < 5) return [text.trimStart()];
  return [['dim', '▕'], ['cyan', bar(elapsed / duration_s, cells)], ['dim', '▏'], text];
}

/** Red over the limit, yellow close to it. */
function toneOf(value: number | null, limit: number): TextStyle {
  if (value === null || value < limit * NEAR) return 'bold';
  return value > limit ? 'red' : 'yellow';
}

/** The sparkline is drawn to 100 %: others' pressure has no limit. */
function pressureLine(
  resource: Resource,
  { now, part, limit, baseline, last }: View['pressure'][Resource],
  columns: number,
): Span[] {
  const label = `PSI ${resource}`.padEnd(LABEL);
  const value = (now === null ? '?' : now.toFixed(1)).padStart(5);
  const own = (part === null ? '?' : part.toFixed(0)).padStart(3);
  if (columns < NARROW) {
    const shown: Span[] = [['bold', value], ' %, part ', [toneOf(part, limit), own], ` (limit ${limit})`];
    return [['dim', label], ...shown];
  }
  const tail = ` (limit ${limit})  `;
  const between = " % stalled, engine's part ";
  const without = baseline === null ? '' : `, ${baseline.toFixed(0)} without it`;
  const room = columns - LABEL - value.length - own.length - widthOf(between + tail);
  const beside = room - without.length >= SPARK_CELLS ? `${tail.trimEnd()}${without}  ` : tail;
  const cells = Math.min(WIDEST_BAR, columns - LABEL - value.length - own.length - widthOf(between + beside));
  const tone = toneOf(part, limit);
  return [
    ['dim', label],
    ['bold', value],
    between,
    [tone, own],
    beside,
    [tone === 'bold' ? 'cyan' : tone, sparkline(last, cells, 100)],
  ];
}

function ticksLine(view: View, columns: number): Span[] {
  const isNarrow = columns < NARROW;
  const { expected_per_second: expected } = view;
  const wanted = expected === null || columns < WIDE ? '' : ` of ${expected.toFixed(1)} expected`;
  const { ticks_per_second: rate, ticks, since_progress_s: since, stall_threshold_s: threshold } = view;
  const total = isNarrow ? '' : `, ${ticks === null ? '?' : ticks.toLocaleString('en-US')}`;
  const ago = isNarrow ? ` of ${threshold} s` : ` s ago (stall ${threshold})`;
  const spans = (inAll: string): Span[] => [
    ['dim', 'rows'.padEnd(LABEL)],
    ['bold', (rate === null ? '?' : rate.toFixed(1)).padStart(5)],
    `/s${wanted}${total}${inAll}`,
    ...(since === null ? [] : ([', last ', [toneOf(since, threshold), since.toFixed(0)], ago] as Span[])),
  ];
  const worded = spans(isNarrow ? '' : ' in all');
  return cellsOf(worded) <= columns ? worded : spans('');
}

const cellsOf = (spans: readonly Span[]): number =>
  widthOf(spans.map((span) => (typeof span === 'string' ? span : span[1])).join(''));

function engineLine({ engine_memory_mib: mib, engine_cpu_time: cpu }: View, isNarrow: boolean): Span[] {
  const unknown = mib === null && cpu === null;
  return [
    ['dim', 'engine'.padEnd(LABEL)],
    ...(unknown ? ['memory and CPU time unknown'] : measured(mib, cpu, isNarrow)),
  ];
}

const measured = (mib: number | null, cpu: number | null, isNarrow: boolean): Span[] => [
  ['bold', (mib === null ? '?' : mib.toFixed(0)).padStart(5)],
  ` MiB, CPU time ${cpu === null ? '?' : cpu.toFixed(1)} %${isNarrow ? '' : ' of one CPU'}`,
];

function soFarLine(view: View, isNarrow: boolean): Span[] {
  const { restarts, stalls, engine_exits, budget_used, restart_budget } = view;
  const counted = (n: number, one: string): Span[] => [
    [n === 0 ? 'bold' : 'yellow', `${n}`],
    ` ${one}${n === 1 ? '' : 's'}`,
  ];
  return [
    ['dim', 'so far'.padEnd(isNarrow ? 0 : LABEL)],
    ...(isNarrow ? [' '] : []),
    ...[...counted(stalls, 'stall'), ', ', ...counted(engine_exits, 'exit'), ', ', ...counted(restarts, 'restart')],
    ...(isNarrow ? [] : budgetOf(budget_used, restart_budget)),
  ];
}

const budgetOf = (used: number, most: number): Span[] => [' (', [toneOf(used, most), `${used}`], ` of ${most}/h)`];

/** The decisions themselves scroll by above: here stands what the last one means. */
function lastLines(last: View['last'], columns: number): Span[][] {
  if (last === null) return [];
  const said = `${last.action} ${clock(last.ago_s)} ago: ${last.means}`;
  const [head = '', ...rest] = wrapped(said, columns - LABEL, 0);
  const lines: Span[][] = [
    [['dim', 'last'.padEnd(LABEL)], last.action, ['dim', head.slice(last.action.length)]],
    ...rest.map((line): Span[] => [' '.repeat(LABEL), ['dim', line]]),
  ];
  return lines.slice(0, LAST_LINES);
}

function rungFormat(rung: string): TextStyle {
  if (rung === 'NORMAL') return 'green';
  return rung === 'THROTTLE3' ? 'red' : 'yellow';
}

/** `1:02:03`, without the hour if there is none. */
function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
