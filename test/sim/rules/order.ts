import { SAMPLE_EVERY } from '@hybrid-soak/contract/ladder.ts';
import type { Entry } from '../drive.ts';
import { byOverload, changesOf, field, find, inSeconds, isAdaptive, type Rule, recordsOf } from './rule.ts';

const HOUR_MS = 3_600_000;

const oneRungUp: Rule = (trace) => {
  const found = trace.scenario.options.original_sample_every ?? 1;
  const all = Object.values(SAMPLE_EVERY) as number[];
  const ladder = all.includes(found) ? all : [found, ...all.filter((every) => every > found)];
  return find(changesOf(trace), ({ from, to, at }) => {
    const steps = ladder.indexOf(to) - ladder.indexOf(from);
    if (!ladder.includes(to)) return `sample_every ${to} is beyond the ladder's ends at ${at}`;
    return steps <= 1 && steps !== 0 ? null : `${steps} rungs at once at ${at}`;
  });
};

/** Recoveries and stall restarts; escalations are in no budget. */
const budgetIsKept: Rule = (trace) => {
  const { apply, policy, parameters } = trace.scenario.options;
  if (policy === 'classic') return null;
  const spent: number[] = changesOf(trace)
    .filter(({ from, to, record }) => to < from && apply === 'restart' && record.action === 'ENGINE_RESTART')
    .map(({ at }) => at);
  for (const { at, record } of recordsOf(trace.entries))
    if (record.action === 'ENGINE_RESTART' && field(record, 'stall_streak') !== undefined) spent.push(at);
  spent.sort((a, b) => a - b);
  return find(spent, (at, i) => {
    const within = spent.filter((other, j) => j <= i && at - other < HOUR_MS).length;
    return within > parameters.max_restarts_per_hour
      ? `${within} recoveries and stall restarts within an hour at ${at}`
      : null;
  });
};

/** An intent, its act, one outcome, in this order, and no second act meanwhile. */
const intentActOutcome: Rule = ({ entries, ending }) => {
  let open: unknown = null;
  let expected = 1;
  const wrong = ({ records, effects, at }: Entry): string | null => {
    const begun: unknown[] = [];
    for (const record of records) {
      if (record.seq !== expected++) return `seq ${record.seq} is out of turn at ${at}`;
      const id = record.effect_id;
      if (id === undefined) continue;
      const outcome = 'ok' in record;
      if (outcome && open !== id) return `an outcome of effect ${id} without its intent at ${at}`;
      if (!outcome && open !== null) return `effect ${id} begun before the outcome of ${open} at ${at}`;
      if (!outcome) begun.push(id);
      open = outcome ? null : id;
    }
    const acts = effects.map(({ id }) => id);
    return acts.join() === begun.join() ? null : `acts ${acts.join()} with intents ${begun.join()} at ${at}`;
  };
  return find(entries, wrong) ?? (ending !== null && open !== null ? `effect ${open} has no outcome` : null);
};

/** If every attempt failed the last records say so. */
const originalIsRestored: Rule = ({ scenario, entries, config, ending }) => {
  const last = entries.at(-1)?.records ?? [];
  const restored = last.find(({ action }) => action === 'RESTORED');
  if (ending === null) return 'the soak did not end';
  if (restored === undefined || last.at(-1)?.action !== 'SUMMARY') return 'the last records are not RESTORED, SUMMARY';
  const same = config === scenario.options.original_sample_every;
  if (field(restored, 'ok') !== true) return /soak restore/.test(restored.reason) ? null : 'not restored, and not said';
  return same ? null : `sample_every is ${config} at the end`;
};

const operatorComesFirst: Rule = ({ entries }) => {
  const asked = entries.find((entry) => entry.asked);
  return asked === undefined || asked.ended ? null : `asked to end at ${asked.at}, went on`;
};

/** While nothing is under way the rung of the records is the one in the file. */
const recordsMatchTheFile: Rule = ({ scenario, entries }) => {
  if (scenario.options.psi_actions !== 'on') return null;
  return find(entries, ({ at, phase, said, config }) =>
    phase === 'running' && said !== null && said !== config
      ? `${said} by the records, ${config} in the file at ${at}`
      : null,
  );
};

/** systemd gives a restart two minutes; after that a unit between two states keeps nothing back. */
const restartsAreNotDoubled: Rule = ({ entries }) => {
  let since: number | null = null;
  return find(entries, ({ at, changing, effects }) => {
    since = changing ? (since ?? at) : null;
    const restarts = effects.some(({ kind }) => kind === 'restart' || kind === 'set-rung');
    return restarts && since !== null && at - since < 120_000 ? `a restart on top of another at ${at}` : null;
  });
};

const configErrorEnds: Rule = ({ entries }) => {
  const refused = entries.find(({ records }) => records.some((r) => r.action === 'ENGINE_EXIT' && r.exit_code === 12));
  return refused === undefined || refused.ended ? null : `exit code 12 at ${refused.at}, went on`;
};

/** What cannot be seen neither escalates nor counts as calm. */
const blindnessMovesNothing: Rule = (trace) => {
  const blind = new Set(trace.entries.filter(({ psi }) => !psi).map(({ at }) => at));
  const moved = changesOf(trace).find((change) => blind.has(change.at) && !byOverload(change));
  return moved === undefined ? null : `a rung change without any pressure read at ${moved.at}`;
};

const logonlyTouchesNothing: Rule = ({ scenario, entries }) => {
  const { psi_actions } = scenario.options;
  if (psi_actions === 'on') return null;
  const touched = entries.find(({ effects }) => effects.some(({ kind }) => kind === 'set-rung'));
  const said = entries.find(({ records }) =>
    records.some(({ action }) => psi_actions === 'off' && /^(PSI_|HOLD)/.test(action) && action !== 'HOLD'),
  );
  if (said !== undefined) return `--psi-actions off looked at pressure at ${said.at}`;
  return touched === undefined ? null : `--psi-actions ${psi_actions} wrote a rung at ${touched.at}`;
};

/** Each exit code 13 climbs a rung as soon as there can be one; three at the last rung within 30 min end the soak. */
const overloadClimbs: Rule = (trace) => {
  const { scenario, entries } = trace;
  if (scenario.options.psi_actions !== 'on' || scenario.effectSlow > 0 || scenario.effectLost > 0) return null;
  let owedSince: number | null = null;
  return find(entries, ({ at, records, ended, pending, changing }) => {
    for (const record of records) {
      const thirteen = field(record, 'exit_code') === 13;
      if (record.action === 'ENGINE_EXIT' && thirteen) owedSince ??= at;
      else if ((thirteen && record.action !== 'HOLD') || record.action === 'STALL') owedSince = null;
    }
    if (ended) owedSince = null;
    if (owedSince !== null && (pending || changing)) owedSince = Math.max(owedSince, at - 60_000);
    const late = owedSince !== null && at - owedSince > 60_000 + 25_000;
    return late ? `exit code 13 without a rung since ${owedSince} at ${at}` : null;
  });
};

/** A log that grows with what happens and not with the time; classic writes THROTTLE_MAX at each observation over a limit. */
const recordsAreBounded: Rule = (trace) => {
  const all = recordsOf(trace.entries).filter(({ record }) => isAdaptive(trace) || record.action !== 'THROTTLE_MAX');
  let from = 0;
  let exits = 0;
  return find(all, ({ at, record }, i) => {
    if (record.action === 'ENGINE_EXIT') exits++;
    while ((all[from] as { at: number }).at < at - HOUR_MS) if (all[from++]?.record.action === 'ENGINE_EXIT') exits--;
    const most = 100 + 6 * exits;
    return i - from > most ? `${i - from} records within an hour, ${exits} of them exits, at ${at}` : null;
  });
};

const runsItsTime: Rule = ({ scenario, entries }) => {
  const wanted = scenario.options.duration_s * 1000;
  const short = entries.find(({ at, records }) => at < wanted && records.some(({ action }) => action === 'COMPLETE'));
  return short === undefined ? null : `complete after ${inSeconds(short.at)} of ${inSeconds(wanted)}`;
};

export const ORDER_RULES: Record<string, Rule> = {
  "one rung up at a time, never past the ladder's ends": oneRungUp,
  'no recovery or stall restart beyond the budget': budgetIsKept,
  'every act has an intent before it and an outcome after it': intentActOutcome,
  'the original sample_every is restored': originalIsRestored,
  'an operator comes first': operatorComesFirst,
  'the records have the rung that is in the file': recordsMatchTheFile,
  'no restart on top of another': restartsAreNotDoubled,
  'an engine that refuses its configuration ends the soak': configErrorEnds,
  'blindness moves nothing': blindnessMovesNothing,
  'what only looks touches nothing': logonlyTouchesNothing,
  'exit code 13 climbs one rung': overloadClimbs,
  'records an hour are bounded': recordsAreBounded,
  'a soak that is complete has run its time': runsItsTime,
};
