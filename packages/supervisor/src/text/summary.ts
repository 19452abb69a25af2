import { printable } from '@hybrid-soak/contract/printable.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Summary } from '@hybrid-soak/contract/summary.ts';
import { type Paint, type Span, type TextStyle, unpainted, wrapped } from '@hybrid-soak/report/terminal/line.ts';
import { formatDuration } from './duration.ts';

/** Where a person finds more than the summary: the files beside those that it names, and the command for the report. */
export interface Beside {
  summary: string;
  report: string;
}

/** Where a line's text begins. */
const INDENT = 13;

/** The end of a soak for people: verdict and thresholds first, then the numbers, then where everything is. */
export function summaryText(
  summary: Summary,
  beside: Beside,
  paint: Paint = unpainted,
  columns = Number.POSITIVE_INFINITY,
): string {
  const { files, time_per_rung_s, pressure } = summary;
  const rungs = Object.entries(time_per_rung_s).filter(([, s]) => s > 0);
  const passed = summary.verdict === 'PASS';
  const lines: Span[] = [
    '',
    passed ? ['green', `✓ ${summary.reason}`] : ['red', `✗ ${summary.reason}`],
    ...summary.thresholds.map((t): Span => [toneOf(t), thresholdText(t)]),
    '',
    `  duration   ${formatDuration(summary.duration_s)}`,
    ...rungs.map(([rung, s]) => `  ${rung.padEnd(10)} ${formatDuration(s)}, ${share(s, summary.duration_s)} % of it`),
    `  restarts   ${summary.restarts}`,
    `  stalls     ${summary.stalls}, engine exits ${summary.engine_exits}`,
    ...RESOURCES.map((name) => `  PSI ${name.padEnd(6)} ${percentilesText(pressure[name], summary.baseline?.[name])}`),
    `  ticks      ${summary.ticks_per_second}/s, ${summary.ticks.toLocaleString('en-US')} rows written`,
    ...completenessLines(summary.completeness),
    ...driftLines(summary.drift),
    '',
    `  decisions  ${files.decisions}`,
    `  samples    ${files.samples}`,
    `  database   ${files.database}`,
    `  summary    ${beside.summary}`,
    `  report     ${beside.report}`,
  ];
  const shown = lines.flatMap((line) => {
    const [style, text] = typeof line === 'string' ? [null, line] : line;
    const own = wrapped(printable(text), columns, INDENT);
    return style === null ? own : own.map((part) => paint(style, part));
  });
  return `${shown.join('\n')}\n`;
}

type Threshold = Summary['thresholds'][number];

const toneOf = ({ ok, near }: Threshold): TextStyle => (ok ? (near ? 'yellow' : 'green') : 'red');

function thresholdText(threshold: Threshold): string {
  const { name, limit, seen, near } = threshold;
  return `  ${mark(threshold)} ${name} = ${limit}, seen ${seen}${near ? ' (near)' : ''}`;
}

const mark = ({ ok, near }: Threshold): string => (ok ? (near ? '!' : '✓') : '✗');

/** What part of the market was seen. */
function completenessLines(seen: Summary['completeness']): string[] {
  if (seen === null) return [];
  const { coverage_percent: percent } = seen;
  const coverage = percent === null ? 'unknown, no source was connected' : `${percent} % of the time connected`;
  return [
    `  coverage   ${coverage} (${seen.connected_percent} % of the soak), ${seen.trades_missing} trades missing, ${seen.gaps_open} gaps open`,
    `  trades     ${seen.duplicates} duplicates refused, ${seen.dropped} dropped, ${seen.failovers} failovers, ${seen.reconnects} reconnects`,
    ...seen.sources.map(
      ({ name, connected_s, connected_percent, reconnects, failovers }) =>
        `  source     ${name} ${formatDuration(connected_s)} connected, ${connected_percent} % of the soak, ${reconnects} reconnects, ${failovers} failovers to it`,
    ),
    ...seen.gaps.map(
      ({ source, market, gaps_open, trades_missing }) =>
        `  missing    ${trades_missing} trades of ${market} from ${source}, ${gaps_open} gaps open`,
    ),
  ];
}

/** Slopes that say the same, as those that need more time, share a line. */
function driftLines(slopes: Summary['drift']): string[] {
  const lines = new Map<string, { mark: string; signals: string[] }>();
  for (const { signal, text, drift, limit_in_h } of slopes) {
    const limit = limit_in_h === null ? '' : `, its limit in ${formatDuration(limit_in_h * 3600)}`;
    const said = `${text}${limit}`;
    const { signals } = lines.get(said) ?? { signals: [] };
    lines.set(said, { mark: drift ? '✗' : ' ', signals: [...signals, signal.replaceAll('_', ' ')] });
  }
  return [...lines].map(
    ([said, { mark, signals }]) => `  ${mark} slope    ${signals.join(', ')}${signals.length > 1 ? ':' : ''} ${said}`,
  );
}

const share = (part: number, whole: number) => (whole > 0 ? Math.round((part / whole) * 100) : 0);

function percentilesText(p: Summary['pressure']['cpu'], baseline: number | null | undefined): string {
  if (p === null) return 'unavailable';
  const without = typeof baseline === 'number' ? `; ${Math.round(baseline)} % without it` : '';
  return `stall time p50 ${p.p50} %, p95 ${p.p95} %, p99 ${p.p99} %${without}`;
}
