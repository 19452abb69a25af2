import type { LoggedDecision } from '@hybrid-soak/contract/decision.ts';
import type { Trace } from './drive.ts';

/** A change of the rung; times are milliseconds of the run. */
export interface Change {
  at: number;
  from: number;
  to: number;
  record: LoggedDecision;
}

/** Every change of the rung that was made, or, under `logonly`, would have been. */
export function changes({ scenario, entries }: Trace): Change[] {
  const found: Change[] = [];
  let wouldBe = scenario.options.original_sample_every ?? 1;
  for (const { at, records } of entries)
    for (const record of records) {
      const would = record.would_be_sample_every;
      const to = typeof would === 'number' ? would : record.effect === 'set-rung' && record.current_sample_every;
      if (typeof to !== 'number' || 'ok' in record) continue;
      const from = typeof would === 'number' ? wouldBe : Number(record.from_sample_every);
      found.push({ at, from, to, record });
      wouldBe = to;
    }
  return found;
}

export const byOverload = ({ record }: Change) => record.exit_code === 13;
export const seconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;
/** The first thing that is wrong with any of them, or null. */
export const find = <T>(values: T[], wrong: (value: T, index: number) => string | null): string | null => {
  for (const [index, value] of values.entries()) {
    const what = wrong(value, index);
    if (what !== null) return what;
  }
  return null;
};
