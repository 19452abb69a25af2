import type { DecisionBody } from '@hybrid-soak/contract/decision.ts';
import { type Draft, type EffectSpec, record } from '../records.ts';
import type { State } from '../state.ts';
import { missed } from './thresholds.ts';
import type { Ending } from './totals.ts';

type Final = Extract<DecisionBody, { action: 'COMPLETE' | 'STOP' | 'ABORT' | 'CONFIG_ERROR' }>;
type FinalBody = Final extends infer F ? (F extends Final ? Omit<F, 'reason' | 'waits_for'> : never) : never;

/** What an operator asks for; it outranks everything else. Null if nothing is asked for. */
export function obey(draft: Draft): string | null {
  const { abort, signal, requested } = draft.observation.requests;
  if (abort !== null) {
    const reason = abort === '' ? 'ABORT file' : `ABORT file: ${abort.slice(0, 200)}`;
    return finish(draft, { action: 'ABORT', cause: 'operator' }, { verdict: 'FAIL', reason, exit_code: 20 });
  }
  if (signal === null) return null;
  const ending: Ending = { verdict: 'INCONCLUSIVE', reason: signal, exit_code: signal === 'SIGINT' ? 130 : 143 };
  return finish(draft, { action: 'STOP', ...(requested === undefined ? {} : { requested }) }, ending);
}

/** The thresholds that the user wants to end the soak; null while all of them are kept. */
export function obeyThresholds(draft: Draft): string | null {
  const { abort_on = [] } = draft.state.options;
  if (abort_on.length === 0) return null;
  const wrong = missed(draft.state).filter(({ name }) => abort_on.some((wanted) => wanted === name));
  if (wrong.length === 0) return null;
  const reason = `threshold missed: ${wrong.map(({ name, limit, seen }) => `${name} = ${limit}, seen ${seen}`).join('; ')}`;
  return finish(draft, { action: 'ABORT', cause: 'threshold' }, { verdict: 'FAIL', reason, exit_code: 21 });
}

/** Begins the end: the record says why, then everything is restored. Waits for an effect that is under way. */
export function finish(draft: Draft, body: FinalBody, ending: Ending): string {
  const { state } = draft;
  if (state.ending !== null) return `ending: ${state.ending.reason}`;
  state.ending = ending;
  state.effects.attempts = 0;
  const { pending } = state.effects;
  const waiting = pending === null ? {} : { waits_for: pending.kind };
  return record(
    draft,
    { ...body, reason: ending.reason, ...waiting } as DecisionBody,
    pending === null ? restoring(state) : null,
  );
}

/** Restores config and unit; the record is the intent if the one that ended the soak could not be. */
export function restore(draft: Draft, reason: string): string {
  return record(draft, { action: 'STOP', reason }, restoring(draft.state));
}

function restoring(state: State): EffectSpec {
  state.phase = 'restoring';
  state.effects.attempts++;
  // An engine that refuses its configuration is not started again until a person has repaired it.
  const leave = state.ending?.exit_code === 12 ? 'stopped' : state.options.leave;
  return { kind: 'restore', leave };
}
