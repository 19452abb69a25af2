import type { UnitReading } from '@hybrid-soak/contract/sample.ts';

/** The verified outcome of an act on the unit. */
export interface Outcome {
  ok: boolean;
  error: string | null;
  invocation_id: string | null;
  unit_pid: number | null;
}

/** The port to whatever owns the engine's process. Every call is bounded in time and verified, and none throws. */
export interface UnitManager {
  name: 'system' | 'user' | 'embedded';
  /** Why this one was chosen. */
  why: string;
  /** What the manager knows; `fresh`: asked now, and not answered from what was seen while the process did not move. */
  show(fresh?: boolean): Promise<UnitReading>;
  /** Waits, within a bound, until no job is under way and the unit is between no two states; says first what it waits for. */
  settle(note: (text: string) => void): Promise<void>;
  start(): Promise<Outcome>;
  stop(): Promise<Outcome>;
  restart(): Promise<Outcome>;
  reload(): Promise<Outcome>;
  /** Lets go of what was placed for this soak alone. */
  release(): Promise<void>;
}
