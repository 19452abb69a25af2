import type Database from 'better-sqlite3';
import type { Beat } from './beat.ts';

/** Longer than two beats of the main thread, which come each second: one that is late is not a frozen thread. */
const ALIVE_MS = 2500;
/** Commits that come at the same interval come a little early or late; the heartbeat at rest waits for a late one. */
const COMMIT_SLACK_MS = 500;

/**
 * The heartbeat while there is nothing to commit: one small statement on the writer's own time, so that the main thread need
 * not wake for it. A main thread that does not beat gets none: its heartbeat goes stale. `run` is given the statement.
 */
export function heartbeatAtRest(db: Database.Database, beat: Beat, everyMs: number, run: (touch: () => void) => void) {
  const statement = db.prepare('UPDATE engine_status SET last_flush_ms = ? WHERE id = 1');
  const touch = () => {
    statement.run(Date.now());
    beat.committed(0);
  };
  let seen = beat.beats();
  let movedMs = performance.now();
  let dueMs = movedMs + everyMs;
  return {
    /** After a commit, which was a heartbeat too. */
    postpone() {
      dueMs = performance.now() + everyMs + COMMIT_SLACK_MS;
    },
    /** Writes it if it is due; milliseconds to the next one. */
    look(): number {
      const nowMs = performance.now();
      if (nowMs < dueMs) return dueMs - nowMs;
      dueMs = nowMs + everyMs;
      const beats = beat.beats();
      if (beats !== seen) movedMs = nowMs;
      seen = beats;
      if (nowMs - movedMs <= ALIVE_MS) run(touch);
      return dueMs - performance.now();
    },
  };
}
