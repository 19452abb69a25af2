import type Database from 'better-sqlite3';
import type { Beat } from './beat.ts';
import { threadClock } from './thread-clock.ts';

/** A call that came while a batch was committed needs no heartbeat: the batch was one. */
const LEAST_MS = 500;

/** The heartbeat while there is nothing to commit: one small statement. */
export function heartbeatAtRest(db: Database.Database, beat: Beat) {
  const statement = db.prepare('UPDATE engine_status SET last_flush_ms = ? WHERE id = 1');
  let lastMs = threadClock();
  return {
    /** After a commit, which was a heartbeat too. */
    committed() {
      lastMs = threadClock();
    },
    /** Whether it is time for one. */
    isDue: () => threadClock() - lastMs >= LEAST_MS,
    touch() {
      lastMs = threadClock();
      statement.run(Date.now());
      beat.committed(0);
    },
  };
}
