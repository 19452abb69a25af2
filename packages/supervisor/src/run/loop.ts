import type { Decision } from '@hybrid-soak/contract/decision.ts';
import type { EffectOutcome, Observation } from '@hybrid-soak/contract/sample.ts';
import { monotonicMs } from '../adapters/clock.ts';
import type { Effect } from '../core/effect.ts';
import type { Ending } from '../core/ending/totals.ts';
import type { State } from '../core/state.ts';
import { step, type Verdict } from '../core/step.ts';

export interface Outside {
  /** `due`: on the grid, and not early because something woke the loop. */
  observe(outcomes: EffectOutcome[], due: boolean): Promise<Observation>;
  record(record: Decision): void;
  /** Never rejects. */
  perform(effect: Effect): Promise<EffectOutcome>;
  observed(observation: Observation, verdict: Verdict): void;
}

export interface Loop {
  ended: Promise<Ending>;
  /** Observes now: an operator has asked for something. */
  wake(): void;
}

/** A timer may fire this much before its time by the clock that `due` is measured with. */
const TIMER_EARLY_MS = 2;

/**
 * wait -> observe -> step -> record -> apply, on a grid of `intervalMs` and whenever the step says that something is due. An
 * effect runs while observing goes on; its end wakes the loop, and its outcome is part of that observation.
 */
export function startLoop(first: State, intervalMs: number, outside: Outside): Loop {
  const outcomes: EffectOutcome[] = [];
  let wake = () => {};
  const pause = (ms: number) =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });

  const run = async (): Promise<Ending> => {
    let state = first;
    let due = monotonicMs();
    for (;;) {
      const late = monotonicMs() - due;
      const onGrid = late >= -TIMER_EARLY_MS;
      if (onGrid) due += Math.max(1, Math.floor(late / intervalMs) + 1) * intervalMs;
      const observation = await outside.observe(outcomes.splice(0), onGrid);
      const next = step(state, observation);
      state = next.state;
      outside.observed(observation, next.verdict);
      for (const { record, effect } of next.decisions) {
        outside.record(record);
        if (effect === null) continue;
        void outside.perform(effect).then((outcome) => {
          outcomes.push(outcome);
          wake();
        });
      }
      if (next.ending !== null) return next.ending;
      const at = Math.min(due, next.verdict.look_at);
      if (outcomes.length === 0) await pause(Math.max(0, at - monotonicMs()));
    }
  };
  return { ended: run(), wake: () => wake() };
}
