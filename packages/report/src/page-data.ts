import { meaningOfRecord } from '@hybrid-soak/contract/explain.ts';
import { RUNGS } from '@hybrid-soak/contract/ladder.ts';
import { RESOURCES, type Resource } from '@hybrid-soak/contract/psi.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import { downsample, type Points } from './downsample.ts';
import { numbersOf } from './numbers.ts';
import type { Predecessor } from './predecessor.ts';
import type { ShownDecision } from './read-log.ts';
import type { SamplesHeader, SamplesRead } from './read-samples.ts';
import { COLUMNS } from './series.ts';
import { type Trend, trendsOf } from './trends.ts';

export interface PageDecision {
  /** Seconds since the epoch. */
  t: number;
  rung: string;
  every: number | null;
  action: string;
  reason: string;
  numbers: string;
  /** What it means and what to do, for hovering. */
  means: string;
  record: ShownDecision;
}

/** Everything that a report shows of one run, and what the live page begins with. */
export interface PageData {
  run: string;
  facts: [string, string][];
  /** `means`: for hovering, like a decision's. */
  verdict: { word: string; reason: string; exit_code: number | null; means: string };
  /** The SUMMARY record, where the run has ended with one. */
  summary: ShownDecision | null;
  limits: Record<Resource, number> | null;
  baseline: Record<Resource, number | null> | null;
  stallThresholdS: number | null;
  /** Why a resource's pressure, or the progress, could not be read at the run's last observation. */
  blind: Record<string, string>;
  decisions: PageDecision[];
  /** In the order of COLUMNS. */
  points: Points;
  samples: number;
  /** The slopes of the SUMMARY as they are drawn over the samples. */
  trends: Trend[];
  /** Null on the live page, and for the first run of a log. */
  predecessor: Predecessor | null;
  policy: [string, string][];
  environment: [string, string][];
  notes: string[];
  /** Times begin in UTC instead of the reader's zone. */
  utc?: boolean;
}

/** Two a pixel on a wide screen. */
const MAX_POINTS = 3000;

/** One run's records and samples as a page shows them. `samples` is null where the run has none: the decisions draw it. */
export function pageData(records: ShownDecision[], samples: SamplesRead | null, notes: string[]): PageData {
  const startup = records.find((record) => record.action === 'STARTUP') ?? null;
  const calibrated = records.findLast((record) => record.action === 'CALIBRATED') ?? null;
  const parameters = table(startup?.parameters ?? samples?.header.options.parameters);
  const summary = records.findLast((record) => record.action === 'SUMMARY') ?? null;
  const decisions = records.map(pageDecision);
  const columns = samples?.columns ?? columnsOfDecisions(records);
  return {
    run: records[0]?.run_id ?? samples?.header.options.run_id ?? '',
    facts: factsOf(records, startup),
    verdict: verdictOf(records),
    summary,
    limits: perResource(
      startup?.limit ?? calibrated?.effective_limit ?? startup?.limits ?? limitsOf(records),
    ) as PageData['limits'],
    baseline: perResource(calibrated?.baseline),
    stallThresholdS: typeof parameters['stall_threshold_s'] === 'number' ? parameters['stall_threshold_s'] : null,
    blind: blindOf(samples?.last ?? null),
    decisions,
    points: downsample(columns.slice(0, COLUMNS.length), MAX_POINTS),
    trends: samples === null ? [] : trendsOf(summary?.drift ?? [], columns, Number(startup?.duration_s ?? 0)),
    samples: samples?.columns[0]?.length ?? 0,
    predecessor: null,
    policy: Object.entries({ ...parameters, ...table(startup?.thresholds) }).map(([key, v]) => [key, shown(v)]),
    environment: environmentOf(samples?.header ?? null),
    notes:
      samples === null ? [...notes, 'No samples of this run: pressure is drawn from the decisions (avg10).'] : notes,
  };
}

/** A log that begins after its STARTUP may have the limits in other records. */
const limitsOf = (records: ShownDecision[]) => records.findLast(({ limit }) => limit !== undefined)?.limit;

/** What the record means and what to do, as plain text. */
const meansOf = (record: Parameters<typeof meaningOfRecord>[0]): string =>
  (meaningOfRecord(record) ?? []).join('; do: ').replaceAll('`', '');

export function pageDecision(record: ShownDecision): PageDecision {
  return {
    t: Date.parse(record.timestamp) / 1000,
    rung: record.state,
    every: record.current_sample_every,
    action: record.action,
    reason: record.reason,
    numbers: numbersOf(record),
    means: meansOf(record),
    record,
  };
}

const ENDS = ['ABORT', 'COMPLETE', 'STOP', 'CONFIG_ERROR'];

/** The verdict as the log has it; the earlier tool wrote none, its last action stands for it. */
export function verdictOf(records: ShownDecision[]): PageData['verdict'] {
  const summary = records.findLast((record) => record.action === 'SUMMARY');
  const word = summary?.verdict;
  if (summary !== undefined && typeof word === 'string') {
    const code = summary.exit_code;
    const reason = summary.reason.startsWith(`${word}: `) ? summary.reason.slice(word.length + 2) : summary.reason;
    return { word, reason, exit_code: typeof code === 'number' ? code : null, means: meansOf(summary) };
  }
  const end = records.findLast((record) => ENDS.includes(record.action));
  if (end !== undefined) return { word: end.action, reason: end.reason, exit_code: null, means: meansOf(end) };
  return {
    word: 'UNFINISHED',
    reason: 'the log has no end of this run: it is running, or was cut off',
    exit_code: null,
    means: '',
  };
}

function factsOf(records: ShownDecision[], startup: ShownDecision | null): [string, string][] {
  const [first, last] = [records[0], records.at(-1)];
  if (first === undefined || last === undefined) return [];
  const known = (field: keyof ShownDecision) =>
    startup?.[field] === undefined ? [] : [[field, shown(startup[field])]];
  return [
    ['run', first.run_id],
    ['began', first.timestamp],
    ['last record', last.timestamp],
    ['ingest mode', String(first.ingest_mode ?? 'unknown')],
    ['policy', String(first.policy ?? 'the earlier tool’s')],
    ['PSI actions', String(first.psi_actions ?? 'unknown')],
    ...(['unit', 'manager', 'duration_s', 'interval_s', 'calibrate_s', 'apply', 'leave'] as const).flatMap(known),
  ] as [string, string][];
}

function environmentOf(header: SamplesHeader | null): [string, string][] {
  return Object.entries(header?.environment ?? {}).map(([key, value]) => [key, shown(value)]);
}

function blindOf(last: Observation | null): Record<string, string> {
  if (last === null) return {};
  const sensors = { ...last.psi, progress: last.progress };
  return Object.fromEntries(
    Object.entries(sensors).flatMap(([name, sensor]) => (sensor.available ? [] : [[name, sensor.why]])),
  );
}

/** A run without samples: its pressure at the decisions, avg10, and nothing else. */
function columnsOfDecisions(records: ShownDecision[]): number[][] {
  const sorted = records.toSorted((a, b) => Date.parse(a.timestamp) - Date.parse(b.timestamp));
  return COLUMNS.map((column) =>
    sorted.map((record) => {
      if (column === 't') return Date.parse(record.timestamp) / 1000;
      const resource = RESOURCES.find((name) => name === column);
      return (resource && record[`${resource}_some_avg10`]) ?? Number.NaN;
    }),
  );
}

function perResource(value: unknown): Record<Resource, number | null> | null {
  if (typeof value !== 'object' || value === null) return null;
  const found = value as Record<string, unknown>;
  const numberOf = (resource: Resource) => (typeof found[resource] === 'number' ? found[resource] : null);
  return Object.fromEntries(RESOURCES.map((resource) => [resource, numberOf(resource)])) as Record<
    Resource,
    number | null
  >;
}

const table = (value: unknown): Record<string, unknown> =>
  typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};

const shown = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));

/** Rungs by their height on the plot. */
export const RUNG_NAMES: readonly string[] = RUNGS;
