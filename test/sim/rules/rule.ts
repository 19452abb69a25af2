import type { Decision } from '@hybrid-soak/contract/decision.ts';
import type { Entry, Trace } from '../drive.ts';

/** What must hold in every run: null, or what was seen instead. */
export type Rule = (trace: Trace) => string | null;

/** A change of the rung; times are milliseconds of the run. */
export interface Change {
  at: number;
  from: number;
  to: number;
  /** When it was in force, by its outcome and the engine's first kept frame; null if it never was. */
  inForce: number | null;
  record: Decision;
}

/** A start-up without a frame ends then. */
const START_UP_MS = 60_000;

/** Fields that only some actions have. */
export const field = (record: Decision, name: string): unknown => (record as unknown as Record<string, unknown>)[name];

/** Every change of the rung that was made, or, under `logonly`, would have been. */
export function changesOf({ scenario, entries, seconds }: Trace): Change[] {
  const found: Change[] = [];
  let wouldBe = scenario.options.original_sample_every ?? 1;
  for (const { at, records } of entries)
    for (const record of records) {
      const would = field(record, 'would_be_sample_every');
      const to = typeof would === 'number' ? would : record.effect === 'set-rung' && record.current_sample_every;
      const last = found.at(-1);
      // Others say that a stalled engine was restarted, or that it runs again after an exit.
      const settled = record.action === 'ENGINE_RESTARTED' && field(record, 'effect') === 'set-rung';
      if (settled && last !== undefined) last.inForce ??= at;
      if (typeof to !== 'number' || 'ok' in record) continue;
      const from = typeof would === 'number' ? wouldBe : Number(field(record, 'from_sample_every'));
      found.push({ at, from, to, inForce: typeof would === 'number' ? at : null, record });
      wouldBe = to;
    }
  // What `logonly` would have changed is in force at once: nothing starts up for it.
  if (scenario.options.psi_actions === 'logonly') return found;
  for (const change of found) {
    const { inForce } = change;
    const running = inForce === null ? undefined : seconds.find(({ at, starting }) => at >= inForce && !starting);
    if (running !== undefined && inForce !== null)
      change.inForce = Math.max(inForce, Math.min(running.at, change.at + START_UP_MS));
  }
  return found;
}

export const byOverload = ({ record }: Change) => field(record, 'exit_code') === 13;
export const inSeconds = (ms: number) => `${Math.round(ms / 100) / 10} s`;

/** The first thing that is wrong with any of them, or null. */
export const find = <T>(values: readonly T[], wrong: (value: T, index: number) => string | null): string | null => {
  for (const [index, value] of values.entries()) {
    const what = wrong(value, index);
    if (what !== null) return what;
  }
  return null;
};

export const isAdaptive = ({ scenario }: Trace) => scenario.options.policy === 'adaptive';
export const recordsOf = (entries: readonly Entry[]) =>
  entries.flatMap(({ at, records }) => records.map((record) => ({ at, record })));
