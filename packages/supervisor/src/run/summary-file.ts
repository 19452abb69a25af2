import type { Decision } from '@hybrid-soak/contract/decision.ts';
import type { Summary } from '@hybrid-soak/contract/summary.ts';
import { replaceFile } from '../adapters/replace-file.ts';

/** What of the record is the summary's own, in this order. */
const KEPT = {
  v: true,
  run_id: true,
  ended: true,
  ingest_mode: true,
  psi_actions: true,
  policy: true,
  verdict: true,
  reason: true,
  exit_code: true,
  thresholds: true,
  duration_s: true,
  time_per_rung_s: true,
  restarts: true,
  stalls: true,
  engine_exits: true,
  ticks: true,
  ticks_per_second: true,
  baseline: true,
  pressure: true,
  calibrated_s: true,
  classes_s: true,
  ambient_s: true,
  others_pressure: true,
  effect_usec_per_frame: true,
  drift: true,
  completeness: true,
  files: true,
} satisfies Record<keyof Summary, true>;

/** The SUMMARY record as the object that programs read: `summarySchema`, which is not loaded for it after weeks. */
export function summaryOf(record: Decision, files: Summary['files']): Summary {
  const given: Record<string, unknown> = {
    ...{ drift: [], completeness: null },
    ...record,
    ...{ v: 2, ended: record.timestamp, files },
  };
  return Object.fromEntries(Object.keys(KEPT).map((key) => [key, given[key]])) as Summary;
}

/** Writes it, whole or not at all; returns why not where it cannot be written: the soak's verdict stands without it. */
export function writeSummary(path: string, summary: Summary): string | null {
  try {
    replaceFile(path, `${JSON.stringify(summary, null, 2)}\n`);
    return null;
  } catch (error) {
    return `${path}: not written: ${(error as Error).message}`;
  }
}
