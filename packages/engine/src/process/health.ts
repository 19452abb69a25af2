import type { EndReason } from '@hybrid-soak/contract/exit-codes.ts';
import type { Logger } from 'pino';
import type { Clock } from '../core/clock.ts';
import { Deadlines, type Progress } from '../core/deadlines.ts';
import { atMostEvery } from './at-most-every.ts';
import type { Notifier } from './notify.ts';

/** The engine as it is watched. */
export interface Watched {
  progress(): Progress & { malformed: number };
  /** What the heartbeat line says. */
  totals(): Record<string, unknown>;
  /** One line for `systemctl status`. */
  status(): string;
  /** The wall clock has jumped. */
  jumped(): void;
  end(reason: EndReason): void;
}

export interface WatchRules {
  overloadMs: number;
  /** Between two heartbeat lines of the log. */
  heartbeatMs: number;
}

const MINUTE_MS = 60_000;
const JUMP_MS = 2000;

/** The deadline of overload, jumps of the clock, the heartbeat line, and systemd's status and watchdog. */
export function watchHealth(engine: Watched, rules: WatchRules, clock: Clock, notifier: Notifier, log: Logger): void {
  const lookAtDeadlines = deadlines(engine, rules.overloadMs, log);
  const lookForJump = jumps(engine, log);
  clock.every(1000, (nowMs) => {
    lookAtDeadlines(nowMs);
    lookForJump(nowMs);
  });
  clock.every(rules.heartbeatMs, () => log.info(engine.totals(), 'heartbeat'));
  clock.every(10_000, () => notifier.send(`STATUS=${engine.status()}`));
  if (notifier.watchdogMs !== null) clock.every(notifier.watchdogMs, watchdog(engine, notifier));
}

function deadlines(engine: Watched, overloadMs: number, log: Logger): (nowMs: number) => void {
  const tell = atMostEvery(MINUTE_MS, (malformed: number) => log.warn({ malformed }, 'malformed frames, kept aside'));
  const limits = new Deadlines(overloadMs, engine.progress(), performance.now());
  let told = 0;
  return (nowMs) => {
    const progress = engine.progress();
    const { malformed } = progress;
    if (malformed > told) tell(malformed);
    told = malformed;
    const overdue = limits.look(progress, nowMs);
    if (overdue === null) return;
    log.error(engine.totals(), overdue);
    engine.end('overload');
  };
}

function jumps(engine: Watched, log: Logger): (nowMs: number) => void {
  let offset = Date.now() - performance.now();
  return (nowMs) => {
    const now = Date.now() - nowMs;
    const by = now - offset;
    offset = now;
    if (Math.abs(by) <= JUMP_MS) return;
    log.warn({ by_s: Math.round(by / 1000) }, 'the clock has jumped');
    engine.jumped();
  };
}

/** A ping means that the writer has committed since the last one: the heartbeat row makes that true when all is well. */
function watchdog(engine: Watched, notifier: Notifier): () => void {
  let proven = 0;
  return () => {
    const { commits } = engine.progress();
    if (commits === proven) return;
    proven = commits;
    notifier.send('WATCHDOG=1');
  };
}
