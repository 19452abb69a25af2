/**
 * What `step` may ask of the world. The loop runs an effect without waiting for it; its outcome comes back in a later
 * observation (`outcomes`, by `effect_id`). At most one effect is under way at a time.
 */
export type Effect =
  | { id: number; kind: 'start' }
  /** Restart the unit as it is: a stall. */
  | { id: number; kind: 'restart' }
  /** Write `sample_every` into the engine's TOML, then restart or reload the unit. */
  | { id: number; kind: 'set-rung'; sample_every: number; apply: 'restart' | 'reload' }
  /** Put the config back as it was found, and the unit as `leave` says. */
  | { id: number; kind: 'restore'; leave: 'as-found' | 'running' | 'stopped' };
