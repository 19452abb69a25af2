import type { Decision, DecisionBody } from '@hybrid-soak/contract/decision.ts';
import type { HoldCode } from '@hybrid-soak/contract/decision-fields.ts';
import { type PsiLine, RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import type { Effect } from './effect.ts';
import type { Look } from './look/look.ts';
import type { State } from './state.ts';

/** One thing decided: the record is written and synced before the effect, if there is one, is begun. */
export interface Decided {
  record: Decision;
  effect: Effect | null;
}

export type EffectSpec = Effect extends infer E ? (E extends Effect ? Omit<E, 'id'> : never) : never;

/** One step in the making: the copied state, what was seen, what follows from it alone, and the decisions so far. */
export interface Draft {
  state: State;
  observation: Observation;
  look: Look;
  decisions: Decided[];
}

/** Writes a record, and with it begins an effect: the intent stands in the log before the act. Returns its reason. */
export function record(draft: Draft, body: DecisionBody, effect: EffectSpec | null = null): string {
  const { state, observation } = draft;
  const { options, effects, ladder, log } = state;
  let begun: Effect | null = null;
  if (effect !== null) {
    begun = { ...effect, id: effects.nextId++ } as Effect;
    effects.pending = begun;
    effects.pendingSince = state.clock.now;
    if (effect.kind !== 'restore') state.unit.startUpSince ??= state.clock.now;
  }
  log.seq++;
  const { action, reason, ...own } = body;
  const written = {
    timestamp: observation.wall,
    run_id: options.run_id,
    seq: log.seq,
    ingest_mode: options.ingest_mode,
    psi_actions: options.psi_actions,
    policy: options.policy,
    state: ladder.rung,
    current_sample_every: ladder.sampleEvery,
    action,
    reason,
    ...psiOf(observation),
    ...own,
    ...(begun === null ? {} : { effect: begun.kind, effect_id: begun.id }),
  } as Decision;
  draft.decisions.push({ record: written, effect: begun });
  return `${action.toLowerCase()}: ${reason}`;
}

type Hold = Extract<DecisionBody, { action: 'HOLD' }>;
/** A spell of what is recorded once, a hold or QUIET, ends after this long, ms, without it. */
export const SPELL_ENDS_MS = 60_000;

/** A hold is one record a spell; every observation has its reason all the same. */
export function hold(
  draft: Draft,
  code: HoldCode,
  reason: string,
  extra: Omit<Hold, 'action' | 'reason' | 'hold'> = {},
): string {
  const { log, clock } = draft.state;
  const last = log.holds[code];
  log.holds = { ...log.holds, [code]: clock.now };
  if (last === undefined || clock.now - last > SPELL_ENDS_MS)
    record(draft, { action: 'HOLD', reason, hold: code, ...extra });
  return `hold: ${code}: ${reason}`;
}

function psiOf(observation: Observation): Record<string, string | number> {
  const fields: Record<string, string | number> = {};
  for (const resource of RESOURCES) {
    const psi = observation.psi[resource];
    if (!psi.available) continue;
    for (const kind of ['some', 'full'] as const) addLine(fields, `${resource}_${kind}`, psi.value[kind]);
  }
  return fields;
}

function addLine(fields: Record<string, string | number>, name: string, line: PsiLine | null): void {
  if (line === null) return;
  fields[`${name}_raw`] = line.raw;
  fields[`${name}_avg10`] = line.avg10;
}
