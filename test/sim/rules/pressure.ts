import type { Decision } from '@hybrid-soak/contract/decision.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Trace } from '../drive.ts';
import { byOverload, type Change, changesOf, field, find, inSeconds, isAdaptive, type Rule } from './rule.ts';
import { highest, limitsOf, trueParts } from './truth.ts';

/** What the supervisor measures, from outside and once a second, is the truth within these factors. */
const LESS = 0.65;
/** Pressure does not say whether a neighbour waits for a CPU or for its quota; the meter tells by the engine's own waits. */
const LESS_BESIDE_QUOTAS = 0.3;
const MORE = 1.4;
/** A judgement looks this far back, ms: the window, the spell, one look. */
const LOOKS_BACK_MS = 30_000;
const RESPONSE_MS = 60_000;
const ABORTS_WITHIN_MS = 300_000;
const AFTER_START_UP_MS = 10_000;

/** Up for the pressure of others never; nor to an end. */
const othersMoveNothing: Rule = (trace) => {
  if (!isAdaptive(trace)) return null;
  const parts = trueParts(trace);
  const limits = limitsOf(trace);
  const least = trace.scenario.neighbours.some(({ quota }) => quota !== null) ? LESS_BESIDE_QUOTAS : LESS;
  const climbed = find(changesOf(trace), (change) => {
    if (change.to < change.from || byOverload(change)) return null;
    const part = highest(parts, limits, change.at - LOOKS_BACK_MS, change.at);
    return part >= least
      ? null
      : `a rung up at ${change.at}, the engine's part at most ${Math.round(part * 100)} % of its limit`;
  });
  if (climbed !== null) return climbed;
  const abort = pressureAbort(trace);
  if (abort === null) return null;
  const part = highest(parts, limits, abort - LOOKS_BACK_MS, abort);
  return part >= least
    ? null
    : `aborted at ${abort}, the engine's part at most ${Math.round(part * 100)} % of its limit`;
};

/** When an ABORT for pressure was decided, ms; null if there was none. */
function pressureAbort({ entries }: Trace): number | null {
  for (const { at, records } of entries)
    for (const record of records) if (record.action === 'ABORT' && field(record, 'cause') === 'pressure') return at;
  return null;
}

/** Moments that break a spell: nothing is judged there. */
function isQuestionable({ scenario }: Trace, second: number): boolean {
  return scenario.troubles.some(
    ({ kind, at, until }) =>
      [
        'freeze',
        'spin',
        'wedge',
        'crash',
        'overload',
        'refused',
        'stopped',
        'away',
        'no-psi',
        'no-cgroup',
        'no-share',
        'late',
        'paused',
        'no-progress',
      ].includes(kind) &&
      second >= at - 5 &&
      second < until + 60,
  );
}

/** For how long a part is really well over its limit without a break; `judge` is asked at each such second. */
function whileOver(trace: Trace, judge: (since: number, now: number) => string | null): string | null {
  const { scenario, seconds } = trace;
  if (!isAdaptive(trace) || scenario.options.psi_actions === 'off') return null;
  if (scenario.effectFails > 0 || scenario.effectSlow > 0 || scenario.effectLost > 0) return null;
  const parts = trueParts(trace);
  const limits = limitsOf(trace);
  const since = { cpu: null as number | null, memory: null as number | null, io: null as number | null };
  for (const [i, { at, starting }] of seconds.entries()) {
    if (isQuestionable(trace, at / 1000)) Object.assign(since, { cpu: null, memory: null, io: null });
    else if (starting) continue;
    else
      for (const resource of RESOURCES) {
        const part = parts[i]?.[resource];
        if (part === null || part === undefined) continue;
        since[resource] = part > MORE * limits[resource] ? (since[resource] ?? at) : null;
        const from = since[resource];
        const what = from === null ? null : judge(from, at);
        if (what !== null) return `${resource}: ${what}`;
      }
  }
  return null;
}

/** The engine's part over its limit leads to a rung or to a recorded hold. */
const overLeadsToSomething: Rule = (trace) => {
  const answers = trace.entries.flatMap(({ at, records, phase }) =>
    records.flatMap((record) =>
      phase !== 'running' || /^(HOLD|ENGINE_RESTART|THROTTLE_MAX|ABORT|PSI_LOGONLY|STALL)$/.test(record.action)
        ? [{ at, record }]
        : [],
    ),
  );
  const running = runningSpan(trace);
  return whileOver(trace, (since, now) => {
    const from = Math.max(since, running.from);
    if (now > running.to || now - from < RESPONSE_MS + 15_000) return null;
    const before = answers.filter(({ at, record }) => at <= now && !isNoAnswer(record));
    // At the last rung all is said until the end.
    if (before.at(-1)?.record.action === 'THROTTLE_MAX' || before.some(({ record }) => isLastWord(record))) return null;
    return before.some(({ at }) => at > from - 90_000)
      ? null
      : `over its limit from ${from} to ${now} without a rung or a hold`;
  });
};

/** `logonly` would have ended the soak: nothing is added to that. */
const isLastWord = (record: Decision) => field(record, 'would_abort') === true;
/** A measured effect does not answer, and neither does the note that others do it. */
const isNoAnswer = (record: Decision) => ['ambient', 'measured'].includes(String(field(record, 'hold')));

/** From the first look in the phase `running` to the end of the soak, ms. */
export function runningSpan({ entries }: Trace): { from: number; to: number } {
  const from = entries.find(({ phase }) => phase === 'running')?.at ?? Number.POSITIVE_INFINITY;
  const to = entries.find(({ ended }) => ended)?.at ?? Number.POSITIVE_INFINITY;
  return { from: from + 15_000, to };
}

/** Nothing cures it: the soak ends. Start-ups and the 10 s after each belong to no spell: in a quiet market a minute a rung. */
const incurableAborts: Rule = (trace) => {
  if (trace.scenario.options.psi_actions !== 'on') return null;
  const running = runningSpan(trace);
  const unjudged = startUpsUntil(trace);
  return whileOver(trace, (since, now) => {
    const from = Math.max(since, running.from);
    const slack = unjudged(now) - unjudged(from);
    return now <= running.to && now - from > ABORTS_WITHIN_MS + slack
      ? `over its limit from ${from} to ${now}, no abort`
      : null;
  });
};

/** How long start-ups and the time after each lasted until a moment of the run, ms. */
function startUpsUntil({ seconds }: Trace): (at: number) => number {
  const until: number[] = [];
  let sum = 0;
  let wasStarting = false;
  for (const { starting } of seconds) {
    if (starting) sum += 1000;
    else if (wasStarting) sum += AFTER_START_UP_MS;
    wasStarting = starting;
    until.push(sum);
  }
  return (at) => until[Math.floor(at / 1000) - 1] ?? 0;
}

/** An escalation waits 30 s from when the last change was in force, and for a spell of its own after it. */
const changesAreApart: Rule = (trace) => {
  const { policy, parameters } = trace.scenario.options;
  const all = changesOf(trace);
  return find(all, (change, i) => {
    const before = all[i - 1];
    if (policy === 'classic' || before === undefined || change.to < change.from || byOverload(change)) return null;
    const apart = change.at - (before.inForce ?? before.at);
    return apart < parameters.cooldown_s * 1000 - 1000
      ? `a rung up ${inSeconds(apart)} after the last was in force, at ${change.at}`
      : null;
  });
};

/**
 * I/O and memory are recovered by their parts as they are, so an engine that is over the limit at NORMAL alone climbs three
 * rungs after each recovery: two such turns fit into an hour of the longest hold.
 */
const MOST_AT_LONGEST_HOLD = 8;

/** Whether a recovery waited the longest hold after the change before it; a climb has nothing to wait for. */
function hasWaitedLongest({ scenario }: Trace, all: readonly Change[], change: Change): boolean {
  const before = all[all.indexOf(change) - 1];
  const longest = scenario.options.parameters.max_recover_hold_s * 1000;
  return change.to > change.from || before === undefined || change.at - before.at >= longest;
}

/** Under any periodic load, after the first hour. */
const seldomMoves: Rule = (trace) => {
  const { scenario } = trace;
  const waves = [scenario.engine.wave, ...scenario.neighbours.map(({ wave }) => wave)];
  const periodic =
    waves.every(({ kind }) => kind !== 'jumps') && scenario.neighbours.every(({ from_s }) => from_s === 0);
  const disturbed = scenario.hogs.length > 0 || scenario.troubles.length > 0 || scenario.effectFails > 0;
  if (!isAdaptive(trace) || !periodic || disturbed) return null;
  const every = changesOf(trace);
  const all = every.filter(({ at }) => at > 3_600_000);
  return find(all, ({ at }) => {
    const within = all.filter((other) => other.at <= at && at - other.at < 3_600_000);
    const most = within.every((change) => hasWaitedLongest(trace, every, change)) ? MOST_AT_LONGEST_HOLD : 6;
    return within.length > most ? `${within.length} rung changes within an hour at ${at}` : null;
  });
};

export const PRESSURE_RULES: Record<string, Rule> = {
  'the pressure of others never escalates and never aborts': othersMoveNothing,
  'a part over its limit leads to a rung or a recorded hold': overLeadsToSomething,
  'what no rung cures ends the soak': incurableAborts,
  'escalations are apart': changesAreApart,
  'at most six rung changes an hour under a periodic load': seldomMoves,
};
