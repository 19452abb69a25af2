import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { LogRecord } from './read-log.ts';

/** Records of which the pressure at their time says nothing. */
const WITHOUT_PRESSURE = new Set(['ENGINE_START', 'ENGINE_RESTARTED', 'RESTORED', 'COMPLETE', 'SUMMARY']);

const round = (value: number) => Math.round(value * 10) / 10;
const seconds = (value: number) => `${round(value)} s`;
const plain = (name: string) => (value: unknown) => `${name} ${String(value)}`;

/** Fields in the order in which they are shown, and their format. */
const TOLD: Readonly<Record<string, (value: unknown) => string>> = {
  from: plain('from'),
  hold: plain('hold'),
  cause: plain('cause'),
  quiet: plain('quiet'),
  by: plain('by'),
  seconds_since_progress: (value) => `no new row for ${seconds(Number(value))}`,
  stall_streak: plain('streak'),
  heartbeat_age_s: (value) => `heartbeat ${seconds(Number(value))} old`,
  exit_code: plain('exit code'),
  exit_name: plain('='),
  took_ms: (value) => (Number(value) < 1000 ? `took ${String(value)} ms` : `took ${seconds(Number(value) / 1000)}`),
  unit_pid: plain('pid'),
  held_for_s: (value) => `held for ${seconds(Number(value))}`,
  restarts: plain('restarts'),
  stalls: plain('stalls'),
  ticks_count: plain('rows'),
  ticks: plain('ticks'),
  ticks_per_second: (value) => `${round(Number(value))} ticks/s`,
  waits_for: plain('waits for'),
};

/** The numbers behind a record that a person wants on one line: pressure against its limit first, then what the action adds. */
export function numbersOf(record: LogRecord): string {
  const told = Object.entries(TOLD).flatMap(([field, tell]) => {
    const value = record[field];
    const shown = typeof value === 'number' || (typeof value === 'string' && value !== '' && value !== record.reason);
    return shown ? [tell(value)] : [];
  });
  return [pressureOf(record), ...told].filter((part) => part !== '').join(', ');
}

/** `cpu pressure 66 %, engine's part 31 (limit 20); io …`; of records of earlier versions the pressure alone. */
function pressureOf(record: LogRecord): string {
  if (WITHOUT_PRESSURE.has(record.action)) return '';
  return RESOURCES.flatMap((resource) => {
    const pressure =
      numberAt(record, 'baseline', resource, record.action === 'CALIBRATED') ??
      numberAt(record, 'pressure', resource) ??
      record[`${resource}_some_avg10`];
    if (typeof pressure !== 'number') return [];
    const part = numberAt(record, 'part', resource);
    const limit = numberAt(record, 'limit', resource) ?? numberAt(record, 'effective_limit', resource);
    const own = part === undefined ? '' : `, engine's part ${round(part)}`;
    return [`${resource} pressure ${round(pressure)} %${own}${limit === undefined ? '' : ` (limit ${round(limit)})`}`];
  }).join('; ');
}

function numberAt(record: LogRecord, field: string, key: string, wanted = true): number | undefined {
  const group = record[field];
  if (!wanted || typeof group !== 'object' || group === null) return undefined;
  const value = (group as Record<string, unknown>)[key];
  return typeof value === 'number' ? value : undefined;
}
