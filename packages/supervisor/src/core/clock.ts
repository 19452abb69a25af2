/** The step's own clock, milliseconds: follows the observations' and never goes back. */
export interface StepClock {
  now: number;
  /** `mono_ms` of the observation before; null at the first. */
  lastSeen: number | null;
  /** When the present phase began. */
  phaseSince: number;
  /** The engine's first start: time of the soak runs from here. */
  firstStart: number | null;
  /** When the engine was first under way. */
  runningSince: number | null;
}

export const firstClock = (): StepClock => ({
  now: 0,
  lastSeen: null,
  phaseSince: 0,
  firstStart: null,
  runningSince: null,
});

/** Milliseconds since the observation before. Time that seems to go back stands still. */
export function advanceClock(clock: StepClock, mono: number): number {
  const elapsed = clock.lastSeen === null ? 0 : Math.max(0, mono - clock.lastSeen);
  clock.now = clock.lastSeen === null ? mono : clock.now + elapsed;
  clock.lastSeen = mono;
  return elapsed;
}
