import type Database from 'better-sqlite3';
import type { Beat } from './beat.ts';

/** The heartbeat while there is nothing to commit: one small statement. */
export function heartbeatAtRest(db: Database.Database, beat: Beat) {
  const statement = db.prepare('UPDATE engine_status SET last_flush_ms = ? WHERE id = 1');
  let done = beat.asked();
  return {
    /** After a commit, which was a heartbeat too: what was asked for meanwhile needs none. */
    committed() {
      done = beat.asked();
    },
    isDue: () => beat.asked() !== done,
    touch() {
      done = beat.asked();
      statement.run(Date.now());
      beat.committed(0);
    },
  };
}
