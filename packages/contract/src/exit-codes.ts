/** The engine's exit codes: a contract with systemd (`Restart=on-failure`, `RestartPreventExitStatus=12`). */
export const ENGINE_EXIT = {
  /** Clean stop: SIGTERM, SIGINT, or the replay is finished. Stays down. */
  COMPLETE: 0,
  /** A bug. systemd restarts. */
  CRASH: 1,
  /** Every source unreachable past the deadline. systemd restarts. */
  NETWORK: 10,
  /** A source that sends nothing but garbage past the deadline. systemd restarts. */
  PARSE: 11,
  /** Anything wrong with the configuration. Stays down until a person has corrected it. */
  CONFIG: 12,
  /** Queue or disk cannot keep up past the deadline. systemd restarts, the supervisor escalates. */
  OVERLOAD: 13,
} as const;

/**
 * Why the engine ended (`engine_lives.end_reason`), and the exit code of each. A killed engine writes nothing: the next one
 * notes `crash` for it, without an exit code.
 */
export const EXIT_OF_REASON = {
  signal: ENGINE_EXIT.COMPLETE,
  'replay-finished': ENGINE_EXIT.COMPLETE,
  'run-seconds': ENGINE_EXIT.COMPLETE,
  network: ENGINE_EXIT.NETWORK,
  parse: ENGINE_EXIT.PARSE,
  config: ENGINE_EXIT.CONFIG,
  overload: ENGINE_EXIT.OVERLOAD,
  crash: ENGINE_EXIT.CRASH,
} as const;
export type EndReason = keyof typeof EXIT_OF_REASON;

export type EngineExitName = keyof typeof ENGINE_EXIT;

/** The name of an engine exit code, or undefined for a code outside the contract. */
export function engineExitName(code: number): EngineExitName | undefined {
  return (Object.keys(ENGINE_EXIT) as EngineExitName[]).find((name) => ENGINE_EXIT[name] === code);
}

/** Exit codes of the `soak` command. 1 is a bug; 130 and 143 are 128 + SIGINT / SIGTERM. */
export const SOAK_EXIT = {
  PASS: 0,
  BUG: 1,
  USAGE: 2,
  CONFIG: 12,
  FAIL: 20,
  THRESHOLD_MISSED: 21,
  INCONCLUSIVE: 22,
  INTERRUPTED: 130,
  TERMINATED: 143,
} as const;
