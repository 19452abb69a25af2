import { lstatSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { available, type Reading, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { HeartbeatReading, ProgressReading } from '@hybrid-soak/contract/sample.ts';
import Database from 'better-sqlite3';

interface Open {
  db: Database.Database;
  inode: number;
  rows: Database.Statement;
  status: Database.Statement | null;
}

interface StatusRow {
  pid: number;
  invocation_id: string | null;
  last_flush_ms: number;
  frames_received: number;
  ticks_written: number;
  drops: number;
  connection: string;
  sample_every: number;
}

/**
 * The read-only look at the engine's database: the rows newer than the last one seen, so that its cost follows the new
 * rows and not the table, and the heartbeat row. It never creates a file and never blocks the writer.
 */
export function progressProbe(path: string) {
  let open: Open | null = null;
  let lastId: number | null = null;
  let seen = 0;

  const close = () => {
    open?.db.close();
    open = null;
  };

  const connection = (): Reading<Open> => {
    const stat = lstatSync(path, { throwIfNoEntry: false });
    if (stat === undefined) {
      close();
      return unavailable(`${path}: no such file`);
    }
    // Opening a FIFO would wait for its other end, and a link may lead anywhere.
    if (!stat.isFile()) {
      close();
      return unavailable(`${path}: is not a regular file`);
    }
    if (open !== null && open.inode !== stat.ino) {
      close();
      lastId = null;
    }
    if (open === null) {
      const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 250 });
      try {
        db.pragma('query_only = ON');
        // The file is another account's: no function that its schema names is called.
        db.pragma('trusted_schema = OFF');
        // 1 MB instead of better-sqlite3's 16: nothing is read twice.
        db.pragma('cache_size = -1000');
        const rows = db.prepare('SELECT COUNT(*) AS n, MAX(id) AS id, MAX(ts) AS ts FROM ticks WHERE id > ?');
        open = { db, inode: stat.ino, rows, status: null };
      } catch (error) {
        db.close();
        throw error;
      }
    }
    return available(open);
  };

  const progress = (now: Open): ProgressReading => {
    const started = performance.now();
    if (lastId === null) {
      const first = now.db.prepare('SELECT MAX(id) AS id FROM ticks').get() as { id: number | null };
      lastId = first.id ?? 0;
    }
    const { n, id, ts } = now.rows.get(lastId) as { n: number; id: number | null; ts: number | null };
    lastId = id ?? lastId;
    seen += n;
    return available({ new_rows: n, ticks_count: seen, last_tick_ts: ts, probe_ms: performance.now() - started });
  };

  const heartbeat = (now: Open): HeartbeatReading => {
    let row: StatusRow | undefined;
    try {
      // The earlier system's database has no such table until the engine has migrated it.
      now.status ??= now.db.prepare('SELECT * FROM engine_status WHERE id = 1');
      row = now.status.get() as StatusRow | undefined;
    } catch (error) {
      return unavailable(`engine_status: ${(error as Error).message}`);
    }
    if (row === undefined) return unavailable('the engine has not written its heartbeat row');
    return available({
      pid: row.pid,
      invocation_id: row.invocation_id,
      last_flush_ms: row.last_flush_ms,
      age_ms: Math.max(0, Date.now() - row.last_flush_ms),
      frames_received: row.frames_received,
      ticks_written: row.ticks_written,
      drops: row.drops,
      connection: row.connection,
      sample_every: row.sample_every,
    });
  };

  const look = (now: Open) => {
    const refused = notTables(now.db);
    if (refused !== null) return { progress: unavailable(refused), heartbeat: unavailable(refused) };
    return { progress: progress(now), heartbeat: heartbeat(now) };
  };

  return {
    read(): { progress: ProgressReading; heartbeat: HeartbeatReading } {
      try {
        const now = connection();
        if (!now.available) return { progress: now, heartbeat: now };
        // One transaction: what is read has the schema that was looked at.
        return now.value.db.transaction(() => look(now.value))();
      } catch (error) {
        close();
        const { message } = error as Error;
        const code = errorCode(error);
        const why = unavailable(`${path}: ${code ?? 'error'}: ${message}`);
        return { progress: why, heartbeat: why };
      }
    },
    close,
  };
}

/** Names one of our tables that is something else: a view or a virtual table may produce rows without end. */
function notTables(db: Database.Database): string | null {
  const query =
    "SELECT name FROM sqlite_schema WHERE name IN ('ticks', 'engine_status') AND NOT (type = 'table' AND rootpage > 0)";
  const row = db.prepare(query).get() as { name: string } | undefined;
  return row === undefined ? null : `${row.name}: is not a table`;
}
