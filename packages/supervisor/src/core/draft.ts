import type { Action, DecisionRecord } from '@hybrid-soak/contract/decision.ts';
import { RESOURCES } from '@hybrid-soak/contract/psi.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import type { Decision, Ending } from './decision.ts';
import type { Effect } from './effect.ts';
import type { PerResource, State } from './state.ts';

type EffectSpec = Effect extends infer E ? (E extends Effect ? Omit<E, 'id'> : never) : never;
export type FinalAction = 'COMPLETE' | 'STOP' | 'ABORT' | 'CONFIG_ERROR';

/** A unit that is between two states longer than this, ms, no longer keeps a restart back: systemd's own timeouts are over. */
const CHANGING_TOO_LONG_MS = 120_000;

/** One step in the making: the copied state, what was seen, and the decisions so far. */
export interface Draft {
  state: State;
  observation: Observation;
  /** Percent of wall time in which tasks waited; null where unknown. */
  pressure: PerResource<number | null>;
  decisions: Decision[];
  /** Why the step did what it did, also when nothing changed. */
  verdict: string;
}

/** Writes a record, and with it begins an effect: the intent stands in the log before the act. */
export function decide(
  draft: Draft,
  action: Action,
  reason: string,
  extra: Record<string, unknown> = {},
  effect: EffectSpec | null = null,
): void {
  const { state, observation } = draft;
  let begun: Effect | null = null;
  if (effect !== null) {
    begun = { ...effect, id: state.nextEffectId++ } as Effect;
    state.pending = begun;
    state.pendingSince = state.now;
  }
  state.seq++;
  const record: DecisionRecord = {
    timestamp: observation.wall,
    run_id: state.options.run_id,
    seq: state.seq,
    ingest_mode: state.options.ingest_mode,
    psi_actions: state.options.psi_actions,
    policy: state.options.policy,
    state: state.rung,
    current_sample_every: state.sampleEvery,
    action,
    reason,
    ...psiFields(observation),
    ...extra,
    ...(begun === null ? {} : { effect: begun.kind, effect_id: begun.id }),
  };
  draft.decisions.push({ record, effect: begun });
  draft.verdict = `${action.toLowerCase()}: ${reason}`;
}

/** A hold is a record only when its reason is new; every observation has its verdict all the same. */
export function hold(draft: Draft, reason: string, extra: Record<string, unknown> = {}): void {
  const isNew = draft.state.lastHold !== reason;
  draft.state.lastHold = reason;
  if (isNew) decide(draft, 'HOLD', reason, extra);
  draft.verdict = `hold: ${reason}`;
}

/** Why no restart can be asked for now: one is under way already, ours or anybody's; null where one can. */
export function busy({ state }: Draft): string | null {
  if (state.pending !== null) return `${state.pending.kind} under way`;
  if (state.changingSince !== null && state.now - state.changingSince < CHANGING_TOO_LONG_MS)
    return 'unit changing state';
  return null;
}

/** Begins the end: the record says why, then everything is put back. Waits for an effect that is under way. */
export function finish(draft: Draft, action: FinalAction, ending: Ending, extra: Record<string, unknown> = {}): void {
  const { state } = draft;
  if (state.ending !== null) return;
  state.ending = ending;
  state.attempts = 0;
  const waiting = state.pending === null ? {} : { waits_for: state.pending.kind };
  decide(draft, action, ending.reason, { ...extra, ...waiting }, state.pending === null ? restoring(draft) : null);
}

/** Puts config and unit back; the record is the intent where the one that ended the soak could not be. */
export function restore(draft: Draft, reason: string): void {
  decide(draft, 'STOP', reason, {}, restoring(draft));
}

function restoring({ state }: Draft): EffectSpec {
  state.phase = 'restoring';
  state.attempts++;
  // An engine that refuses its configuration is not started again until a person has mended it.
  const leave = state.ending?.exit_code === 12 ? 'stopped' : state.options.leave;
  return { kind: 'restore', leave };
}

function psiFields(observation: Observation): Record<string, string | number> {
  const fields: Record<string, string | number> = {};
  for (const resource of RESOURCES) {
    const psi = observation.psi[resource];
    if (!psi.available) continue;
    for (const kind of ['some', 'full'] as const) {
      const line = psi.value[kind];
      if (line === null) continue;
      fields[`${resource}_${kind}_raw`] = line.raw;
      fields[`${resource}_${kind}_avg10`] = line.avg10;
    }
  }
  return fields;
}
