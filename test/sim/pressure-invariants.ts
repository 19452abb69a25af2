import type { Resource } from '@hybrid-soak/contract/psi.ts';
import { byOverload, changes, find, seconds } from './changes.ts';
import type { Entry, Trace } from './drive.ts';
import type { Invariant } from './invariants.ts';

const isAdaptive = ({ scenario }: Trace) => scenario.options.policy === 'adaptive';

/** The observations of the last `ms` before `at`, the one before them too, so that the whole time is covered. */
function during(entries: readonly Entry[], at: number, ms: number): readonly Entry[] {
  const end = entries.findLastIndex((entry) => entry.at <= at);
  const start = entries.findLastIndex((entry) => entry.at <= at - ms);
  return entries.slice(Math.max(0, start), end + 1);
}

/** A rung up follows pressure that one resource has had without a break. */
function upIsSustained(trace: Trace): string | null {
  if (!isAdaptive(trace)) return null;
  const { sustain_s } = trace.scenario.options.parameters;
  return find(changes(trace), (change) => {
    if (change.to < change.from || byOverload(change)) return null;
    const seen = during(trace.entries, change.at, sustain_s * 1000);
    const lasting = (['cpu', 'memory', 'io'] satisfies Resource[]).some((r) =>
      seen.every(({ over }) => over.includes(r)),
    );
    return lasting ? null : `a rung up at ${change.at} without ${sustain_s} s over a limit`;
  });
}

/** A rung down follows calm without a break, as long as the least hold. */
function downIsCalm(trace: Trace): string | null {
  if (!isAdaptive(trace)) return null;
  const { recover_hold_s } = trace.scenario.options.parameters;
  return find(changes(trace), ({ at, from, to }) => {
    if (to > from) return null;
    const broken = during(trace.entries, at, recover_hold_s * 1000).find(({ calm }) => !calm);
    return broken === undefined ? null : `a rung down at ${at}, not calm at ${broken.at}`;
  });
}

function quotaMovesNothing(trace: Trace): string | null {
  if (!isAdaptive(trace)) return null;
  const throttled = new Set(trace.entries.filter((entry) => entry.throttled).map(({ at }) => at));
  const up = changes(trace).find(
    ({ at, from, to, record }) => to > from && throttled.has(at) && !('exit_code' in record),
  );
  return up === undefined ? null : `a rung up at ${up.at} while a quota kept the engine waiting`;
}

/** The end for pressure comes at the last rung, after its time. */
function abortTakesItsTime(trace: Trace): string | null {
  if (!isAdaptive(trace)) return null;
  const { abort_after_s } = trace.scenario.options.parameters;
  let top: number | null = null;
  return find(trace.entries, ({ at, records, over }) => {
    if (over.length === 0) top = null;
    for (const { action, reason } of records) {
      if (action === 'THROTTLE_MAX' && /over the limit/.test(reason ?? '')) top = at;
      if (action !== 'ABORT' || !/kept the host over/.test(reason ?? '')) continue;
      if (top === null || at - top < abort_after_s * 1000)
        return `ABORT at ${at}, over the limit at the top since ${top}`;
    }
    return null;
  });
}

/** As long as it takes until a restart can be asked for at all: an effect given up, a unit between two states, one look. */
const IN_ITS_TURN_MS = 300_000 + 120_000 + 65_000;

/** Each exit code 13 is owed one rung, as soon as there can be one. A stall, a spent budget or the end go first. */
function overloadClimbs({ scenario, entries }: Trace): string | null {
  if (scenario.options.psi_actions === 'off') return null;
  let exits = 0;
  let owedSince: number | null = null;
  return find(entries, ({ at, records, ended, verdict }) => {
    for (const record of records) {
      const thirteen = record.exit_code === 13;
      if (record.action === 'ENGINE_EXIT' && thirteen) {
        exits += Number(record.exits);
        owedSince ??= at;
      } else if (thirteen && record.action !== 'HOLD') {
        owedSince = null;
        if (--exits < 0) return `two rungs for one exit code 13 at ${at}`;
      } else if (record.action === 'STALL') owedSince = null;
    }
    if (ended || verdict === 'hold: budget') owedSince = null;
    const late = owedSince !== null && at - owedSince > IN_ITS_TURN_MS;
    return late ? `no rung for exit code 13, ${seconds(at - Number(owedSince))} later at ${at}` : null;
  });
}

export const PRESSURE_INVARIANTS: Record<string, Invariant> = {
  'a rung up follows pressure without a break': upIsSustained,
  'a rung down follows calm without a break': downIsCalm,
  "an engine's own quota moves nothing": quotaMovesNothing,
  'an abort for pressure takes its time at the last rung': abortTakesItsTime,
  'exit code 13 climbs one rung': overloadClimbs,
};
