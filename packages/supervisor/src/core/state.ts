import { firstClock, type StepClock } from './clock.ts';
import { type DriftMemory, noDrift } from './drift/memory.ts';
import { type EffectMemory, noEffect } from './effects-memory.ts';
import type { Ending } from './ending/totals.ts';
import { noTotals, type Totals } from './ending/totals.ts';
import { firstLadder, type LadderMemory } from './ladder/memory.ts';
import { emptyLog, type LogMemory } from './log-memory.ts';
import { noPressure, type PressureMemory } from './look/memory.ts';
import type { SoakOptions } from './options.ts';
import { noStall, type StallMemory } from './stall-memory.ts';
import { noUnit, type UnitMemory } from './unit-memory.ts';

export type Phase = 'begin' | 'calibrating' | 'starting' | 'running' | 'restoring' | 'done';

/**
 * Everything a soak remembers from one observation to the next, by who writes it. Plain data: `step` copies it and replaces
 * what changes. Times are milliseconds of the clock; null means "not so".
 */
export interface State {
  options: SoakOptions;
  phase: Phase;
  clock: StepClock;
  effects: EffectMemory;
  unit: UnitMemory;
  stall: StallMemory;
  pressure: PressureMemory;
  ladder: LadderMemory;
  totals: Totals;
  drift: DriftMemory;
  ending: Ending | null;
  log: LogMemory;
}

/** The state before the first observation. */
export const begin = (options: SoakOptions): State => ({
  options,
  phase: 'begin',
  clock: firstClock(),
  effects: noEffect(),
  unit: noUnit(),
  stall: noStall(),
  pressure: noPressure(),
  ladder: firstLadder(options),
  totals: noTotals(),
  drift: noDrift(),
  ending: null,
  log: emptyLog(),
});

/** A state that a step may write in: the groups are copied, what they hold is replaced and never changed in place. */
export const copyOf = (state: State): State => ({
  ...state,
  clock: { ...state.clock },
  effects: { ...state.effects },
  unit: { ...state.unit },
  stall: { ...state.stall },
  pressure: { ...state.pressure },
  ladder: { ...state.ladder },
  totals: { ...state.totals },
  drift: { ...state.drift },
  log: { ...state.log },
});
