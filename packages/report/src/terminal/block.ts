import type { Decision } from '@hybrid-soak/contract/decision.ts';
import { RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import { type Format, lineOf, type Paint, type Span, unpainted, widthOf } from './line.ts';
import { bar, sparkline } from './sparkline.ts';

/** What a person sees of a running soak at one moment; null is "unknown". */
export interface View {
  rung: string;
  sample_every: number;
  /** Why the last observation led to what it led to. */
  reason: string;
  elapsed_s: number;
  duration_s: number;
  /** Percent of wall time: the host's stall now, the engine's part of it, the part's limit, the last 60 s, oldest first. */
  pressure: Record<
    Resource,
    { now: number | null; part: number | null; limit: number; last: readonly (number | null)[] }
  >;
  ticks_per_second: number | null;
  ticks: number | null;
  since_progress_s: number | null;
  /** Restarts within the last hour, and how many the policy allows in one. */
  restarts: number;
  restart_budget: number;
  engine_memory_mib: number | null;
  /** Percent of one CPU. */
  engine_cpu_time: number | null;
  /** The last ones, oldest first. */
  decisions: readonly Pick<Decision, 'timestamp' | 'state' | 'action' | 'reason'>[];
}

const LABEL = 11;
/** A wide terminal shows no more for it. */
const WIDEST_BAR = 60;

/** The view as lines, none longer than `columns` cells. */
export function block(view: View, columns: number, paint: Paint = unpainted): string[] {
  const spans: Span[][] = [
    [
      [rungFormat(view.rung), view.rung],
      ['bold', `  sample_every ${view.sample_every}`],
      ['dim', `  ${view.reason}`],
    ],
    timeLine(view, columns),
    ...RESOURCES.map((resource) => pressureLine(resource, view.pressure[resource], columns)),
    ticksLine(view),
    engineLine(view),
    ...decisionLines(view.decisions),
  ];
  return spans.map((line) => lineOf(line, columns, paint));
}

function timeLine({ elapsed_s, duration_s }: View, columns: number): Span[] {
  const left = Math.max(0, duration_s - Math.floor(elapsed_s));
  const text = ` ${clock(elapsed_s)} of ${clock(duration_s)}, ${clock(left)} left`;
  const cells = Math.min(WIDEST_BAR, columns - 2 - widthOf(text));
  if (cells < 5) return [text.trimStart()];
  return [['dim', '▕'], ['cyan', bar(elapsed_s / duration_s, cells)], ['dim', '▏'], text];
}

/** The sparkline is drawn to 100 %: others' pressure has no limit. */
function pressureLine(
  resource: Resource,
  { now, part, limit, last }: View['pressure'][Resource],
  columns: number,
): Span[] {
  const over = part !== null && part > limit;
  const label = `PSI ${resource}`.padEnd(LABEL);
  const value = (now === null ? '?' : now.toFixed(1)).padStart(5);
  const own = (part === null ? '?' : part.toFixed(0)).padStart(3);
  const beside = ` (limit ${limit})  `;
  const between = " % stalled, engine's part ";
  const room = Math.min(WIDEST_BAR, columns - LABEL - value.length - own.length - widthOf(between + beside));
  return [
    ['dim', label],
    ['bold', value],
    between,
    [over ? 'red' : 'bold', own],
    beside,
    [over ? 'red' : 'cyan', sparkline(last, room, 100)],
  ];
}

function ticksLine({ ticks_per_second: rate, ticks, since_progress_s: since }: View): Span[] {
  return [
    ['dim', 'ticks'.padEnd(LABEL)],
    ['bold', (rate === null ? '?' : rate.toFixed(1)).padStart(5)],
    `/s, ${ticks === null ? '?' : ticks.toLocaleString('en-US')} in all`,
    since === null ? '' : `, the last ${since.toFixed(0)} s ago`,
  ];
}

function engineLine({ engine_memory_mib: mib, engine_cpu_time: cpu, restarts, restart_budget }: View): Span[] {
  return [
    ['dim', 'engine'.padEnd(LABEL)],
    ...(mib === null && cpu === null ? ['memory and CPU time unknown'] : measured(mib, cpu)),
    ', ',
    [restarts >= restart_budget ? 'red' : 'bold', `${restarts}`],
    ` of ${restart_budget} restarts/h`,
  ];
}

const measured = (mib: number | null, cpu: number | null): Span[] => [
  ['bold', (mib === null ? '?' : mib.toFixed(0)).padStart(5)],
  ` MiB, CPU time ${cpu === null ? '?' : cpu.toFixed(1)} %`,
];

function decisionLines(decisions: View['decisions']): Span[][] {
  const states = Math.max(...decisions.map(({ state }) => state.length));
  const actions = Math.max(...decisions.map(({ action }) => action.length));
  return decisions.map(({ timestamp, state, action, reason }) => [
    ['dim', `${timestamp.slice(11, 19)}  ${state.padEnd(states)}  `],
    action.padEnd(actions),
    ['dim', `  ${reason}`],
  ]);
}

function rungFormat(rung: string): Format {
  if (rung === 'NORMAL') return 'green';
  return rung === 'THROTTLE3' ? 'red' : 'yellow';
}

/** `1:02:03`, without the hour where there is none. */
function clock(seconds: number): string {
  const whole = Math.floor(seconds);
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  const two = (n: number) => String(n).padStart(2, '0');
  return h > 0 ? `${h}:${two(m)}:${two(s)}` : `${m}:${two(s)}`;
}
