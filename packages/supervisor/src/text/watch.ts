import type { Decision } from '@hybrid-soak/contract/decision.ts';
import { meaningOfRecord } from '@hybrid-soak/contract/explain.ts';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import { COLUMNS, type Column, rowsOf } from '@hybrid-soak/report/series.ts';
import { sightOf } from '@hybrid-soak/report/sight.ts';
import { block, type View } from '@hybrid-soak/report/terminal/block.ts';
import { mapResources, type PerResource } from '../core/per-resource.ts';
import type { Verdict } from '../core/step.ts';

/** What a soak was asked for, as far as it is shown. */
export interface Asked {
  duration_s: number;
  window_s: number;
  restart_budget: number;
  stall_threshold_s: number;
}

export interface Watch {
  decision(record: Decision): void;
  observation(observation: Observation, verdict: Verdict): void;
  /** As it is at `mono`, monotonic milliseconds; null before the first observation. */
  view(mono: number): View | null;
  /** The same in words, with the counters; on request. */
  state(mono: number, columns: number): string;
}

const SPARK_MS = 60_000;
/** Observations closer than this, ms, share a place in the sparkline. */
const SPARK_STEP_MS = 900;

/** Gathers what is shown of a soak from what it observes and decides. */
export function watch({ duration_s, window_s, restart_budget, stall_threshold_s }: Asked): Watch {
  const row = rowsOf(window_s);
  const counts: Record<string, number> = {};
  let last: Decision | null = null;
  let spark: { mono: number; pressure: PerResource<number | null> }[] = [];
  let begun: number | null = null;
  let seen: { observation: Observation; verdict: Verdict; row: number[] } | null = null;

  const view = (mono: number): View | null => {
    if (seen === null) return null;
    const { observation, verdict } = seen;
    const at = (column: Column) => known(seen?.row[COLUMNS.indexOf(column)]);
    return {
      rung: verdict.rung,
      sample_every: verdict.sample_every,
      doing: doingText(verdict.reason, last),
      elapsed_s: begun === null ? null : Math.min(duration_s, (mono - begun) / 1000),
      duration_s,
      pressure: mapResources((resource) => ({
        now: verdict.pressure[resource],
        part: verdict.parts[resource].part,
        limit: verdict.limit[resource],
        baseline: verdict.baseline?.[resource] ?? null,
        last: spark.map(({ pressure }) => pressure[resource]),
      })),
      ticks_per_second: at('ticks_per_s'),
      expected_per_second: at('expected_per_s'),
      ticks: observation.progress.available ? observation.progress.value.ticks_count : null,
      since_progress_s: verdict.phase === 'running' ? verdict.stalled_s : null,
      stall_threshold_s,
      restarts: counts['ENGINE_RESTART'] ?? 0,
      stalls: counts['STALL'] ?? 0,
      engine_exits: counts['ENGINE_EXIT'] ?? 0,
      budget_used: verdict.restarts_used,
      restart_budget,
      engine_memory_mib: at('engine_memory'),
      engine_cpu_time: at('engine_cpu_time'),
      last: last === null ? null : lastOf(last, observation.wall, mono - observation.mono_ms),
    };
  };
  return {
    decision(record) {
      counts[record.action] = (counts[record.action] ?? 0) + 1;
      last = record;
    },
    observation(observation, verdict) {
      const { mono_ms } = observation;
      // As the policy counts: from the engine's first start.
      if (verdict.phase === 'starting' || verdict.phase === 'running') begun ??= mono_ms;
      seen = { observation, verdict, row: row(sightOf(observation)) };
      const kept = spark.filter(({ mono }) => mono > mono_ms - SPARK_MS);
      const apart = mono_ms - (kept.at(-1)?.mono ?? Number.NEGATIVE_INFINITY) >= SPARK_STEP_MS;
      spark = apart ? [...kept, { mono: mono_ms, pressure: verdict.pressure }] : kept;
    },
    view,
    state(mono, columns) {
      const now = view(mono);
      if (now === null || seen === null) return 'no observation yet';
      const lines = block(now, columns);
      return [...lines, ...counters(seen.observation, seen.verdict, counts), ''].join('\n').trimEnd();
    },
  };
}

const WAITS: Readonly<Record<string, string>> = { cooldown: 'settling after a rung change', 'start-up': 'starting up' };

/** A verdict's reason if it says more than the other lines do. */
function doingText(reason: string, last: Decision | null): string {
  const isLast = last !== null && reason.startsWith(`${last.action.toLowerCase()}: `);
  if (reason === 'ok' || reason === 'running' || isLast) return '';
  const hold = /^hold: (.*)$/.exec(reason)?.[1];
  return hold === undefined ? reason : (WAITS[hold] ?? hold);
}

/** `since` are the milliseconds since the last observation, whose wall time is `wall`. */
function lastOf(record: Decision, wall: string, since: number): View['last'] {
  const ago = (Date.parse(wall) - Date.parse(record.timestamp) + since) / 1000;
  const means = meaningOfRecord(record)?.[0] ?? record.reason;
  return { action: record.action, ago_s: Math.max(0, ago), means: means.replaceAll('`', '') };
}

const known = (value: number | undefined) => (value === undefined || Number.isNaN(value) ? null : value);

function counters({ heartbeat, psi }: Observation, { phase }: Verdict, counts: Record<string, number>): string[] {
  const made = Object.entries(counts).map(([action, n]) => `${action} ${n}`);
  const beat = heartbeat.available
    ? `${heartbeat.value.connection}, ${heartbeat.value.frames_received} frames received, ${heartbeat.value.ticks_written} ticks written, ${heartbeat.value.drops} dropped`
    : heartbeat.why;
  const blind = RESOURCES.flatMap((resource) => {
    const reading = psi[resource];
    return reading.available ? [] : [`PSI ${resource} unavailable: ${reading.why}`];
  });
  return [`phase       ${phase}`, `heartbeat   ${beat}`, `decisions   ${made.join(', ')}`, ...blind].map(printable);
}
