import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import { round } from '@hybrid-soak/contract/round.ts';
import type { ShownDecision } from './read-log.ts';

/** Records of which the pressure at their time says nothing. */
const WITHOUT_PRESSURE = new Set(['ENGINE_START', 'ENGINE_RESTARTED', 'RESTORED', 'COMPLETE', 'SUMMARY']);

const seconds = (value: number) => `${round(value)} s`;
const plain = (name: string) => (value: unknown) => `${name} ${String(value)}`;

/** Fields in the order in which they are shown, and their format. */
const TOLD: { readonly [field in keyof ShownDecision]?: (value: unknown) => string } = {
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
export function numbersOf(record: ShownDecision): string {
  const told = (Object.entries(TOLD) as [keyof ShownDecision, (value: unknown) => string][]).flatMap(
    ([field, tell]) => {
      const value = record[field];
      const shown = typeof value === 'number' || (typeof value === 'string' && value !== '' && value !== record.reason);
      return shown ? [tell(value)] : [];
    },
  );
  return [pressureOf(record), ...told].filter((part) => part !== '').join(', ');
}

/** `cpu pressure 66 %, engine's part 31 (limit 20); io …`; of records of earlier versions the pressure alone. */
function pressureOf(record: ShownDecision): string {
  if (WITHOUT_PRESSURE.has(record.action)) return '';
  const { baseline, pressure, part, limit, effective_limit } = record;
  return RESOURCES.flatMap((resource) => {
    const measured = record.action === 'CALIBRATED' ? baseline?.[resource] : pressure?.[resource];
    const value = typeof measured === 'number' ? measured : record[`${resource}_some_avg10`];
    // The reason has it already.
    if (value === undefined || record.reason.includes(`${resource} pressure`)) return [];
    const own = part?.[resource] ?? null;
    const most = limit?.[resource] ?? effective_limit?.[resource] ?? null;
    const shown = `${resource} pressure ${round(value)} %${own === null ? '' : `, engine's part ${round(own)}`}`;
    return [most === null ? shown : `${shown} (limit ${round(most)})`];
  }).join('; ');
}
