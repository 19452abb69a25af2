import type { Action } from './decision.ts';
import type { CAUSES, HoldCode, QuietReason, VERDICTS } from './decision-fields.ts';
import type { ENGINE_EXIT, SOAK_EXIT } from './exit-codes.ts';

/** What a word of the log or an exit code means, and what to do about it. In both, `code` is set in backticks. */
export type Meaning = readonly [means: string, act: string];

const NOTHING = 'nothing';

/** The one table behind `soak explain`, the RUNBOOK and the page's hover texts. */
export const ACTION_MEANINGS: Readonly<Record<Action, Meaning>> = {
  STARTUP: ['what was found and what was asked for', NOTHING],
  CALIBRATED: ["the host's own pressure before the engine starts; decides nothing", NOTHING],
  ENGINE_START: ['the unit is asked to start', NOTHING],
  ENGINE_RESTART: [
    'a rung change or a stall (`cause`): the unit is asked to restart',
    'nothing; many an hour: see `reason`',
  ],
  ENGINE_RESTARTED: ['the unit is active, with a new process', NOTHING],
  ENGINE_RESTART_FAILED: [
    'the unit is not active again in time',
    '`journalctl -u hybrid-engine.service -n 50`; then by its exit code',
  ],
  ENGINE_EXIT: ['the engine ended; `by` says whether somebody asked for it', 'by its `exit_code`'],
  ENGINE_STOP: ['earlier versions: the unit was stopped to measure the host', NOTHING],
  STALL: [
    'no new row for the threshold (45 s); a restart follows',
    '`soak status`: connection and heartbeat say where it stands',
  ],
  QUIET: ['no row although the engine is alive; `quiet` says why', 'nothing, unless the market is known to trade'],
  STARVED: [
    'the engine is slow because it gets no CPU; the threshold stretches',
    'free the host, or give the unit more CPUWeight',
  ],
  HOLD: ['the rung stays where it is; `hold` says why', 'by its `hold`'],
  PSI_LOGONLY: ['what would have been done', NOTHING],
  PSI_UNAVAILABLE: [
    'a pressure file cannot be read, and why',
    '`cat /proc/pressure/cpu`; boot with `psi=1` if it is missing',
  ],
  THROTTLE_MAX: ['over the limit at the last rung', "ABORT follows unless it calms: reduce the engine's sources"],
  CONFIG_ERROR: ['the engine refused its configuration', '`hybrid-engine check-config`'],
  RESTORED: ['what the soak changed is undone', 'nothing; if `reason` says "not restored": `soak restore`'],
  ABORT: ['the soak ends; `cause` says why', 'see `reason`; remove `data/ops/ABORT` if it was that'],
  STOP: ['a signal ends the soak', NOTHING],
  COMPLETE: ['the time of the soak is over, or the replay at its end; the verdict follows', NOTHING],
  SUMMARY: ['verdict and numbers', 'by its `verdict`'],
};

export const HOLD_MEANINGS: Readonly<Record<HoldCode, Meaning>> = {
  ambient: ["the pressure is over a limit, the engine's part is not: it is others'", 'nothing; free the host'],
  quota: ['the engine waits for its own CPU quota, not for the host', 'raise `CPUQuota=` of the unit'],
  unknown: ["the engine's share cannot be measured: nothing climbs", 'cgroup v2, or `/proc` of its processes'],
  budget: ['12 recoveries and restarts within an hour: no more recoveries', 'find the load that comes and goes'],
  busy: ['over a limit, and another act is under way', NOTHING],
  progress: ['rows cannot be counted and never could in this run', '`soak doctor`: database and rights'],
  abort: ['an abort is due and waits for an act under way', NOTHING],
  measured: ['what the last rung saved, CPU time a received frame', NOTHING],
};

export const CAUSE_MEANINGS: Readonly<Record<(typeof CAUSES)[number], Meaning>> = {
  pressure: ["the engine's part of the pressure was over its limit", 'free the host, or leave the rung as it is'],
  overload: ['the engine ended with 13: queue or disk cannot keep up', '`df -h data`, `cat /proc/pressure/io`'],
  recovery: ['every limit would be kept at a lower rung', NOTHING],
  stall: ['no new row for the stall threshold', '`soak status`; `journalctl -u hybrid-engine.service`'],
  budget: ['a stall, and no restart is left in this hour', '`soak report`: what stalled it so often'],
  operator: ['somebody wrote the `ABORT` file', 'remove the file before the next soak'],
  threshold: ['a threshold with `abort` was missed', 'its value and limit are in the record; `soak report`'],
  start: ['the engine could not be started', '`journalctl -u hybrid-engine.service -n 50`'],
};

export const QUIET_MEANINGS: Readonly<Record<QuietReason, Meaning>> = {
  'no trades': ['connected, and the exchange sends no trades', 'nothing, unless the market is known to trade'],
  sampled: ['every trade frame since the last row was left out by sampling', NOTHING],
  disconnected: ['every source is down and being tried', 'network, `config/ws_sources.toml`'],
};

export const VERDICT_MEANINGS: Readonly<Record<(typeof VERDICTS)[number], Meaning>> = {
  PASS: [
    'no threshold was missed, nothing drifts, and at least 90 % of the time could be judged',
    'nothing; `soak report` shows near misses and the time on each rung',
  ],
  FAIL: [
    'aborted, a threshold was missed, drift, numbers that do not add up, or a rung that was not in force',
    'read `reason`, then the last ABORT, STALL or ✗ line',
  ],
  INCONCLUSIVE: [
    'a signal ended it, no row was seen, or over 10 % of the time was not observed, stopped by somebody, disconnected, or over a limit with the share unknown',
    'read `reason`; `classes_s` has the seconds of each',
  ],
  CONFIG_ERROR: [
    'nothing was judged: the engine ended with 12',
    '`hybrid-engine check-config`, correct the file, run the soak again',
  ],
};

export const SOAK_EXIT_MEANINGS: Readonly<Record<keyof typeof SOAK_EXIT, Meaning>> = {
  PASS: ['the verdict is PASS; of other commands: done', NOTHING],
  BUG: ['a bug of soak', '`soak restore`, keep stderr and `data/ops/`'],
  USAGE: ['usage, or another soak holds the unit', 'stderr names what is valid, or who holds it: `soak status`'],
  CONFIG: [
    'configuration; nothing was changed',
    'stderr names file, line and what is valid: correct it, `hybrid-engine check-config`',
  ],
  FAIL: [
    'the verdict is FAIL without a threshold: aborted, or the run does not add up; of doctor and prove: something is wrong',
    '`soak report`, then the last ABORT or STALL; the lines of doctor and prove say what to do',
  ],
  THRESHOLD_MISSED: [
    'a threshold was missed, stalls included, or something drifts',
    'the ✗ line says which; `[soak.thresholds]` in the config is where it is set',
  ],
  INCONCLUSIVE: [
    'too much of the time could not be judged, or no row was seen; of doctor and prove: something could not be checked',
    'the reason says what was missing',
  ],
  INTERRUPTED: ['Ctrl-C, everything restored', 'nothing; after a second Ctrl-C: `soak restore`'],
  TERMINATED: [
    'SIGTERM, or the terminal was closed',
    'nothing: everything was restored; `soak.service` outlives a terminal',
  ],
};

/** The engine's exit codes by name. */
export const ENGINE_EXIT_MEANINGS: Readonly<Record<keyof typeof ENGINE_EXIT, Meaning>> = {
  COMPLETE: [
    'a clean stop: SIGTERM, SIGINT, the replay finished, or `run_seconds`',
    '`sudo systemctl start hybrid-engine.service`',
  ],
  CRASH: ['a bug of the engine', 'keep `journalctl -u hybrid-engine.service`'],
  NETWORK: [
    'every source unreachable past the deadline',
    'DNS, firewall, `config/ws_sources.toml`; it comes back with the network',
  ],
  PARSE: [
    'nothing but garbage past the deadline',
    "`sqlite3 -readonly data/bot.db 'SELECT reason, raw FROM quarantine ORDER BY id DESC LIMIT 5'`",
  ],
  CONFIG: [
    'anything wrong with the configuration or the database',
    '`hybrid-engine check-config`; the last line of the journal names the database and what is valid',
  ],
  OVERLOAD: [
    'queue or disk cannot keep up, or fails for now',
    '`df -h data`, `cat /proc/pressure/io`; a soak goes one rung up by itself',
  ],
};
