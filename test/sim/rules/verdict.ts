import type { Decision } from '@hybrid-soak/contract/decision.ts';
import { type Rung, SAMPLE_EVERY } from '@hybrid-soak/contract/ladder.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Trace } from '../drive.ts';
import { field, type Rule, recordsOf } from './rule.ts';
import { limitsOf, trueParts } from './truth.ts';

/** What rounding and one look at either end may make, seconds. */
const NEAR_S = 12;
const LESS = 0.65;
const MORE = 1.4;

function summaryOf({ entries }: Trace): Decision | null {
  return recordsOf(entries).findLast(({ record }) => record.action === 'SUMMARY')?.record ?? null;
}

const number = (record: Decision, name: string) => Number(field(record, name));

/** Looks that come when they are due, effects that are done: what happened was seen when it happened. */
function isClearlySeen({ scenario }: Trace): boolean {
  const { delays, effectFails, effectSlow, effectLost, troubles } = scenario;
  const blind = ['late', 'paused', 'no-progress', 'no-psi', 'no-cgroup', 'no-share', 'stopped', 'wall-jump'];
  return (
    delays.late_ms === 0 &&
    effectFails + effectSlow + effectLost === 0 &&
    !troubles.some(({ kind }) => blind.includes(kind))
  );
}

/** The engine's first start, ms; one that fails is the soak's time all the same, spent in starting. */
function startOf({ seconds, entries, scenario }: Trace): number {
  const asked = entries.find(({ effects }) => effects.some(({ kind }) => kind === 'start'))?.at;
  const up = seconds.find((second) => second.up)?.at ?? Number.POSITIVE_INFINITY;
  return asked !== undefined && scenario.effectFails + scenario.effectLost > 0 ? Math.min(asked, up) : up;
}

/** The moment from which time counts, and the one at which it ended, ms. */
function judgedSpan(trace: Trace): { from: number; to: number } {
  const { entries, scenario } = trace;
  const first = scenario.options.was_running ? 0 : startOf(trace);
  const to = entries.find(({ ended }) => ended)?.at ?? Number.POSITIVE_INFINITY;
  return { from: first, to };
}

/** Every second is in one class, and the duration is the time that passed. */
const timeAddsUp: Rule = (trace) => {
  const summary = summaryOf(trace);
  const classes = summary === null ? undefined : field(summary, 'classes_s');
  if (summary === null || typeof classes !== 'object' || classes === null) return null;
  const sum = Object.values(classes as Record<string, number>).reduce((all, s) => all + s, 0);
  const duration = number(summary, 'duration_s');
  if (Math.abs(sum - duration) > 1) return `classes of ${sum} s in a duration of ${duration} s`;
  const { from, to } = judgedSpan(trace);
  const truth = Math.max(0, (to - from) / 1000);
  const near = NEAR_S + trace.scenario.options.parameters.calibrate_s + (isClearlySeen(trace) ? 0 : 120);
  return Math.abs(duration - truth) > near ? `a duration of ${duration} s where ${truth} s passed` : null;
};

/** What is counted in the end is what was recorded, and what was. */
const countsAreTrue: Rule = (trace) => {
  const summary = summaryOf(trace);
  if (summary === null) return null;
  const records = recordsOf(trace.entries).map(({ record }) => record);
  const stalls = records.filter(({ action }) => action === 'STALL').length;
  if (number(summary, 'stalls') !== stalls) return `${number(summary, 'stalls')} stalls in the end, ${stalls} records`;
  const exits = records
    .filter((record) => record.action === 'ENGINE_EXIT' && field(record, 'by') !== 'somebody')
    .reduce((sum, record) => sum + number(record, 'exits'), 0);
  const last = trace.entries.find(({ ended }) => ended)?.at ?? Number.POSITIVE_INFINITY;
  const real = trace.truth.exits.filter(({ at }) => at < last - 10_000).length;
  if (isClearlySeen(trace) && exits < real) return `${exits} exits recorded of ${real}`;
  return exits > trace.truth.exits.length + trace.truth.stoppedBySomebody
    ? `${exits} exits recorded, ${trace.truth.exits.length} were`
    : null;
};

/** A verdict that the truth of the model does not contradict. */
const verdictIsTrue: Rule = (trace) => {
  const { scenario, ending, seconds, truth } = trace;
  if (ending === null || scenario.options.policy === 'classic' || !isClearlySeen(trace)) return null;
  const span = judgedSpan(trace);
  const limits = limitsOf(trace);
  const parts = trueParts(trace);
  let over = 0;
  let clean = truth.exits.length === 0;
  let stuck = 0;
  for (const [i, second] of seconds.entries()) {
    if (second.at < span.from || second.at > span.to) continue;
    const worst = Math.max(...RESOURCES.map((r) => (parts[i]?.[r] ?? 0) / limits[r]));
    if (worst > MORE) over++;
    if (worst > LESS || second.throttled > 0) clean = false;
    if (second.stuckSince !== null) stuck = Math.max(stuck, second.at - Math.max(second.stuckSince, span.from));
  }
  const length = (span.to - span.from) / 1000;
  const { stall_threshold_s, stall_grace_s, starved_stretch } = scenario.options.parameters;
  if (ending.verdict === 'PASS') {
    if (truth.exits.some(({ reason, at }) => reason !== 'network' && at < span.to - 10_000))
      return 'PASS with exits of the engine';
    if (stuck > (stall_threshold_s * starved_stretch + stall_grace_s + 15) * 1000)
      return `PASS with an engine stuck for ${stuck} ms`;
    if (scenario.options.psi_actions !== 'off' && over > 0.15 * length && length > 300)
      return `PASS, over a limit for ${over} of ${length} s`;
    return null;
  }
  const asked = scenario.signalAt !== null || scenario.abortAt !== null;
  const steady = clean && !asked && scenario.troubles.length === 0 && scenario.engine.rate >= 20 && length > 600;
  const enough = scenario.engine.wave.kind === 'flat';
  return steady && enough ? `${ending.verdict} for a run in which all was well: ${ending.reason}` : null;
};

const RUNG_OF = new Map(Object.entries(SAMPLE_EVERY).map(([rung, every]) => [every, rung as Rung]));

/** What a rung saves of each received frame, as far as the model says exactly what that is. */
const effectsAreTrue: Rule = (trace) => {
  const { engine, hogs, troubles, options, effectFails } = trace.scenario;
  const summary = summaryOf(trace);
  const measured = summary === null ? undefined : field(summary, 'effect_usec_per_frame');
  // A long start-up goes on past the time at which a rung counts as in force. A rung that failed has changed nothing, and the
  // next one then saves what both would have.
  const exact =
    effectFails === 0 &&
    engine.startup_cpu_s <= 3 &&
    engine.wave.kind === 'flat' &&
    hogs.length === 0 &&
    troubles.length === 0 &&
    engine.rate >= 100;
  if (
    typeof measured !== 'object' ||
    measured === null ||
    !exact ||
    engine.quota !== null ||
    options.policy === 'classic'
  )
    return null;
  const ladder = [...RUNG_OF.keys()].sort((a, b) => a - b);
  for (const [rung, seen] of Object.entries(measured as Record<string, number>)) {
    const at = ladder.findIndex((every) => RUNG_OF.get(every) === rung);
    if (at < 1) continue;
    // The first rung is climbed from what was found, which may lie between two rungs.
    const before = Math.max(ladder[at - 1] as number, options.original_sample_every ?? 1);
    const saved = engine.keep_us / before - engine.keep_us / (ladder[at] as number);
    const all = engine.receive_us + engine.keep_us / before + engine.base_us_per_s / engine.rate;
    if (Math.abs(seen - saved) > 0.5 * saved + 0.1 * all + 5)
      return `${rung} saved ${saved} µs a frame, measured ${seen}`;
  }
  return null;
};

export const VERDICT_RULES: Record<string, Rule> = {
  'time adds up': timeAddsUp,
  'counts are true': countsAreTrue,
  'the verdict is true': verdictIsTrue,
  'effects are true': effectsAreTrue,
};
