import type { Rung } from '@hybrid-soak/contract/ladder.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import { round } from '@hybrid-soak/contract/round.ts';
import { stampMs } from '@hybrid-soak/contract/stamp.ts';
import { framesLostPercent, type Outline } from '../core/ending/outline.ts';
import type { SoakOptions } from '../core/options.ts';
import { avg10Of, type LogRecord } from './log-observations.ts';

const VERDICTS: Record<string, string> = { ABORT: 'FAIL', CONFIG_ERROR: 'FAIL', STOP: 'INTERRUPTED', COMPLETE: 'PASS' };

/** The outline of what was recorded, from its decisions alone; the earlier tool's logs have no SUMMARY to take it from. */
export function outlineOfLog(records: readonly LogRecord[], options: SoakOptions): Outline {
  const end = records.findLast(({ action }) => action in VERDICTS);
  const said = (records.findLast(({ action }) => action === 'SUMMARY') ?? {}) as Partial<Outline> & { reason?: string };
  const times = records.map(({ timestamp }) => stampMs(timestamp));
  const time_per_rung_s = said.time_per_rung_s ?? timePerRung(records, times);
  const of = (action: string) => records.filter((record) => record.action === action).length;
  const verdict = said.verdict ?? VERDICTS[end?.action ?? ''] ?? 'unknown';
  return {
    policy: records[0]?.policy ?? 'earlier tool',
    verdict,
    reason: said.reason?.replace(`${verdict}: `, '') ?? end?.reason ?? 'the log ends here',
    aborted: of('ABORT') > 0,
    duration_s: said.duration_s ?? round(((times.at(-1) ?? 0) - (times[0] ?? 0)) / 1000),
    restarts: said.restarts ?? of('ENGINE_RESTART'),
    stalls: said.stalls ?? of('STALL'),
    time_per_rung_s,
    ticks_lost_percent: framesLostPercent(time_per_rung_s, options),
    ticks: said.ticks ?? null,
    pressure: said.pressure ?? pressureOf(records),
  };
}

function timePerRung(records: readonly LogRecord[], times: number[]): Record<Rung, number> {
  const spent = { NORMAL: 0, THROTTLE1: 0, THROTTLE2: 0, THROTTLE3: 0 };
  for (const [i, { state }] of records.entries()) {
    const until = times[i + 1];
    if (state !== undefined && state in spent && until !== undefined)
      spent[state] += (until - (times[i] as number)) / 1000;
  }
  for (const rung of Object.keys(spent) as Rung[]) spent[rung] = round(spent[rung]);
  return spent;
}

function pressureOf(records: readonly LogRecord[]): Outline['pressure'] {
  return Object.fromEntries(
    RESOURCES.map((resource) => {
      const seen = records.map((record) => avg10Of(record, resource)).filter((value) => value !== null);
      const sorted = seen.sort((a, b) => a - b);
      const at = (share: number) => Math.round(sorted[Math.ceil(sorted.length * share) - 1] as number);
      return [resource, sorted.length === 0 ? null : { p50: at(0.5), p95: at(0.95), p99: at(0.99) }];
    }),
  );
}
