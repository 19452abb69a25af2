import { printableLines } from '@hybrid-soak/contract/printable.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Summary } from '@hybrid-soak/contract/summary.ts';
import { formatDuration } from './duration.ts';

/** Where a person finds more than the summary: the files beside those that it names, and the command for the report. */
export interface Beside {
  summary: string;
  report: string;
}

/** The end of a soak for people: verdict and thresholds first, then the numbers, then where everything is. */
export function summaryText(summary: Summary, beside: Beside): string {
  const { files, time_per_rung_s, pressure } = summary;
  const rungs = Object.entries(time_per_rung_s).filter(([, s]) => s > 0);
  const lines = [
    '',
    `${summary.verdict === 'PASS' ? '✓' : '✗'} ${summary.reason}`,
    ...summary.thresholds.map((t) => `  ${t.ok ? '✓' : '✗'} ${t.name} = ${t.limit}, seen ${t.seen}`),
    '',
    `  duration   ${formatDuration(summary.duration_s)}`,
    ...rungs.map(([rung, s]) => `  ${rung.padEnd(10)} ${formatDuration(s)}, ${share(s, summary.duration_s)} % of it`),
    `  restarts   ${summary.restarts}`,
    `  stalls     ${summary.stalls}, engine exits ${summary.engine_exits}`,
    ...RESOURCES.map((name) => `  PSI ${name.padEnd(6)} ${percentilesText(pressure[name])}`),
    `  ticks      ${summary.ticks_per_second}/s, ${summary.ticks.toLocaleString('en-US')} rows written`,
    '',
    `  decisions  ${files.decisions}`,
    `  samples    ${files.samples}`,
    `  database   ${files.database}`,
    `  summary    ${beside.summary}`,
    `  report     ${beside.report}`,
  ];
  return `${printableLines(lines.join('\n'))}\n`;
}

const share = (part: number, whole: number) => (whole > 0 ? Math.round((part / whole) * 100) : 0);

const percentilesText = (p: Summary['pressure']['cpu']) =>
  p === null ? 'unavailable' : `stall time p50 ${p.p50} %, p95 ${p.p95} %, p99 ${p.p99} %`;
