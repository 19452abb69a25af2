import { SAMPLE_EVERY } from '@hybrid-soak/contract/ladder.ts';
import { byOverload, type Change, changes, find, seconds } from './changes.ts';
import type { Entry, Trace } from './drive.ts';
import { PRESSURE_INVARIANTS } from './pressure-invariants.ts';
import { STALL_INVARIANTS } from './stall-invariants.ts';

/** What must hold in every run: null, or what was seen instead. */
export type Invariant = (trace: Trace) => string | null;

function oneRungPerCooldown(trace: Trace): string | null {
  const { policy, parameters } = trace.scenario.options;
  const all = changes(trace);
  return find(all, (change, i) => {
    const before = all[i - 1];
    if (policy === 'classic' || before === undefined || byOverload(change)) return null;
    const apart = change.at - before.at;
    return apart < parameters.cooldown_s * 1000 ? `two rung changes ${seconds(apart)} apart at ${change.at}` : null;
  });
}

function oneRungAtATime(trace: Trace): string | null {
  const found = trace.scenario.options.original_sample_every ?? 1;
  const all = Object.values(SAMPLE_EVERY) as number[];
  const ladder = all.includes(found) ? all : [found, ...all.filter((every) => every > found)];
  return find(changes(trace), ({ from, to, at }) => {
    const steps = Math.abs(ladder.indexOf(to) - ladder.indexOf(from));
    if (!ladder.includes(to)) return `sample_every ${to} is beyond the ladder's ends at ${at}`;
    return steps === 1 ? null : `${steps} rungs at once at ${at}`;
  });
}

/** Without the engine's cgroup one rung is tried; that it does not help is the doubt past which nothing goes. */
function ambientIsNotTheEngines(trace: Trace): string | null {
  const { scenario, entries, ending } = trace;
  const { policy } = scenario.options;
  const has = (...kinds: string[]) => scenario.troubles.some(({ kind }) => kinds.includes(kind));
  const blind = !scenario.cgroup || has('no-cgroup', 'no-psi');
  const own = scenario.engineLevel > 0 || has('spin');
  if (policy === 'classic' || own || (blind && !['flat', 'ramping'].includes(scenario.ambient))) return null;
  // What `logonly` would do helps nothing, so that no doubt can arise.
  if (blind && scenario.options.psi_actions === 'logonly') return null;
  // A baseline of the same level as all the rest is never exceeded by its margin.
  const measured = entries.some(({ records }) => records.some(({ action }) => action === 'CALIBRATED'));
  const allowed = blind && !(measured && scenario.ambient === 'flat') ? 1 : 0;
  const rungs = changes(trace).filter((change) => !byOverload(change) && change.to > change.from);
  if (rungs.length > allowed) return `${rungs.length} rungs for the pressure of others at ${rungs[allowed]?.at}`;
  const abort = /over the limit/.test(ending?.reason ?? '') && entries.length > 0;
  return abort ? `aborted for the pressure of others: ${ending?.reason}` : null;
}

function frozenIsDetected({ scenario, entries }: Trace): string | null {
  const { stall_threshold_s, stall_grace_s } = scenario.options.parameters;
  let lastRow = 0;
  let runningSince: number | null = null;
  let stall = -1;
  return find(entries, (entry) => {
    if (entry.newRows > 0) lastRow = entry.at;
    if (entry.phase === 'running') runningSince ??= entry.at;
    if (entry.records.some(({ action }) => action === 'STALL')) stall = entry.at;
    if (entry.frozenSince === null || runningSince === null || entry.ended) return null;
    const since = Math.max(lastRow, runningSince, entry.frozenSince);
    const frozen = entry.at - since;
    const detected = stall > lastRow;
    const late = frozen >= (stall_threshold_s + stall_grace_s) * 1000 && !detected;
    return late ? `frozen for ${seconds(frozen)} without a STALL at ${entry.at}` : null;
  });
}

function budgetIsKept({ scenario, entries }: Trace): string | null {
  const { apply, parameters } = scenario.options;
  const restarts: number[] = [];
  return find(entries, ({ at, records }) => {
    for (const record of records) {
      const free = record.effect === 'set-rung' && apply === 'reload';
      if (record.action === 'ENGINE_RESTART' && !free) restarts.push(at);
    }
    const recent = restarts.filter((time) => at - time < 3_600_000).length;
    return recent > parameters.max_restarts_per_hour ? `${recent} restarts within an hour at ${at}` : null;
  });
}

/** An intent, its act, one outcome, in this order, and no second act meanwhile. */
function intentActOutcome({ entries, ending }: Trace): string | null {
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
}

/** Where every attempt at it failed the last records say so. */
function originalIsRestored({ scenario, entries, config, ending }: Trace): string | null {
  const last = entries.at(-1)?.records ?? [];
  const restored = last.find(({ action }) => action === 'RESTORED');
  if (ending === null) return 'the soak did not end';
  if (restored === undefined || last.at(-1)?.action !== 'SUMMARY') return 'the last records are not RESTORED, SUMMARY';
  const same = config === scenario.options.original_sample_every;
  if (restored.ok !== true)
    return /soak restore/.test(restored.reason ?? '') ? null : 'not restored, and no word of it';
  return same ? null : `sample_every is ${config} at the end`;
}

/** Every recovery follows its hold in calm; after a flap that is twice the hold of the recovery before, up to the longest. */
function flapsAreDamped(trace: Trace): string | null {
  const { policy, parameters: p } = trace.scenario.options;
  if (policy === 'classic') return null;
  let down: Change | null = null;
  let owed = p.recover_hold_s;
  return find(changes(trace), (change) => {
    if (change.to > change.from) {
      const flap = down !== null && change.at - down.at <= p.flap_window_s * 1000;
      if (flap) owed = Math.min(2 * Number(down?.record.recover_hold_s), p.max_recover_hold_s);
      return null;
    }
    down = change;
    // Rounded to seconds in the record.
    const held = Number(change.record.held_for_s) + 0.5;
    if (held < owed) return `recovered after ${held} s of calm where ${owed} s were owed, at ${change.at}`;
    owed = p.recover_hold_s;
    return null;
  });
}

function operatorComesFirst({ entries }: Trace): string | null {
  const asked = entries.find((entry) => entry.asked);
  return asked === undefined || asked.ended ? null : `asked to end at ${asked.at}, went on`;
}

/** While nothing is under way the rung of the records is the one in the file. */
function recordsTellTheFile({ scenario, entries }: Trace): string | null {
  if (scenario.options.psi_actions !== 'on') return null;
  return find(entries, ({ at, phase, said, config }) =>
    phase === 'running' && said !== null && said !== config
      ? `${said} by the records, ${config} in the file at ${at}`
      : null,
  );
}

/** systemd gives a restart two minutes; after that a unit between two states keeps nothing back. */
function restartsAreNotDoubled({ entries }: Trace): string | null {
  let since: number | null = null;
  return find(entries, ({ at, changing, effects }) => {
    since = changing ? (since ?? at) : null;
    const restarts = effects.some(({ kind }) => kind === 'restart' || kind === 'set-rung');
    return restarts && since !== null && at - since < 120_000 ? `a restart on top of another at ${at}` : null;
  });
}

function runsItsTime({ scenario, entries }: Trace): string | null {
  const wanted = scenario.options.duration_s * 1000;
  const short = entries.find(({ at, records }) => at < wanted && records.some(({ action }) => action === 'COMPLETE'));
  return short === undefined ? null : `complete after ${seconds(short.at)} of ${seconds(wanted)}`;
}

function configErrorEnds({ entries }: Trace): string | null {
  const refused = entries.find(({ records }) => records.some((r) => r.action === 'ENGINE_EXIT' && r.exit_code === 12));
  return refused === undefined || refused.ended ? null : `exit code 12 at ${refused.at}, went on`;
}

/** No pressure, no rung: what cannot be seen neither escalates nor counts as calm. */
function blindnessMovesNothing(trace: Trace): string | null {
  const blind = new Set(trace.entries.filter(({ psi }) => !psi).map(({ at }) => at));
  const moved = changes(trace).find((change) => blind.has(change.at) && !byOverload(change));
  return moved === undefined ? null : `a rung change without any pressure read at ${moved.at}`;
}

function logonlyTouchesNothing({ scenario, entries }: Trace): string | null {
  if (scenario.options.psi_actions === 'on') return null;
  const touched = entries.find(({ effects }) => effects.some(({ kind }) => kind === 'set-rung'));
  return touched === undefined ? null : `--psi-actions ${scenario.options.psi_actions} wrote a rung at ${touched.at}`;
}

export const INVARIANTS: Record<string, Invariant> = {
  'at most one rung per cooldown': oneRungPerCooldown,
  "one rung at a time, never past the ladder's ends": oneRungAtATime,
  'the pressure of others never escalates past its first doubt, never aborts': ambientIsNotTheEngines,
  'a frozen engine is detected within threshold and grace': frozenIsDetected,
  'no restart beyond the budget': budgetIsKept,
  'every act has an intent before it and an outcome after it': intentActOutcome,
  'the original sample_every is restored': originalIsRestored,
  'no oscillation faster than the flap rule': flapsAreDamped,
  'an operator comes first': operatorComesFirst,
  'blindness moves nothing': blindnessMovesNothing,
  'what only looks touches nothing': logonlyTouchesNothing,
  'the records tell the rung that is in the file': recordsTellTheFile,
  'no restart on top of another': restartsAreNotDoubled,
  'a soak that is complete has run its time': runsItsTime,
  'an engine that refuses its configuration ends the soak': configErrorEnds,
  ...PRESSURE_INVARIANTS,
  ...STALL_INVARIANTS,
};

/** The first invariant that a run breaks, and how; null where it keeps them all. */
export function broken(trace: Trace): { invariant: string; how: string } | null {
  for (const [invariant, holds] of Object.entries(INVARIANTS)) {
    const how = holds(trace);
    if (how !== null) return { invariant, how };
  }
  return null;
}
