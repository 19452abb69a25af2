import type Database from 'better-sqlite3';
import type { Beat } from './beat.ts';

/** Longer than two beats of the main thread, which come each second: one that is late is not a frozen thread. */
const ALIVE_MS = 2500;
/** Commits that come at the same interval come a little early or late; the heartbeat at rest waits for a late one. */
const COMMIT_SLACK_MS = 500;

/**
 * The heartbeat while there is nothing to commit: one small statement on the writer's own timer, so that the main thread need
 * not wake for it. A main thread that does not beat gets none: its heartbeat goes stale.
 */
export function heartbeatAtRest(db: Database.Database, beat: Beat, everyMs: number, run: (touch: () => void) => void) {
  const touch = db.prepare('UPDATE engine_status SET last_flush_ms = ? WHERE id = 1');
  let seen = beat.beats();
  let movedMs = performance.now();
  let timer = setTimeout(look, everyMs);
  const postponed = everyMs + COMMIT_SLACK_MS;
  let armedMs = everyMs;
  const arm = (ms: number) => {
    if (ms === armedMs) {
      timer.refresh();
      return;
    }
    armedMs = ms;
    clearTimeout(timer);
    timer = setTimeout(look, ms);
  };
  function look() {
    const beats = beat.beats();
    const nowMs = performance.now();
    if (beats !== seen) movedMs = nowMs;
    seen = beats;
    arm(everyMs);
    if (nowMs - movedMs > ALIVE_MS) return;
    run(() => {
      touch.run(Date.now());
      beat.committed(0);
    });
  }
  return {
    /** After a commit, which was a heartbeat too. */
    postpone: () => arm(postponed),
    stop: () => clearTimeout(timer),
  };
}
