/** Periodic work of the main thread. All of it shares one timer, so that a process at rest wakes once a second. */
export interface Clock {
  /**
   * Calls `run` every `ms` until the function that is returned is called. From one second on, calls fall on whole seconds of
   * the clock, early rather than late; a shorter period is kept as it is. A late call is not made up for. `nowMs`: monotonic.
   */
  every(ms: number, run: (nowMs: number) => void): () => void;
}
