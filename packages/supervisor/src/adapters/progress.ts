import { lstatSync } from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';
import { available, type Reading, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { HeartbeatReading, LifeReading, ProgressReading } from '@hybrid-soak/contract/sample.ts';
import Database from 'better-sqlite3';
import { readHeartbeat, readLife } from './heartbeat.ts';

export interface Read {
  progress: ProgressReading;
  heartbeat: HeartbeatReading;
  life: LifeReading;
}

const blind = (why: Reading<never>): Read => ({ progress: why, heartbeat: why, life: why });

interface Open {
  db: Database.Database;
  inode: number;
  rows: Database.Statement;
}

/** What is remembered of the rows from one look to the next. */
interface Seen {
  lastId: number | null;
  count: number;
}

/**
 * The read-only look at the engine's database: the rows newer than the last one seen, so that its cost follows the new
 * rows and not the table, and the heartbeat row. It never creates a file and never blocks the writer.
 */
export function progressProbe(path: string) {
  let open: Open | null = null;
  const seen: Seen = { lastId: null, count: 0 };

  const close = () => {
    open?.db.close();
    open = null;
  };
  const connection = (): Reading<Open> => {
    const inode = inodeOf(path);
    if (!inode.available) {
      close();
      return inode;
    }
    if (open !== null && open.inode !== inode.value) {
      close();
      seen.lastId = null;
    }
    open ??= openReadOnly(path, inode.value);
    return available(open);
  };
  return {
    read(): Read {
      try {
        const now = connection();
        if (!now.available) return blind(now);
        // One transaction: what is read has the schema that was looked at.
        return now.value.db.transaction(() => look(now.value, seen))();
      } catch (error) {
        close();
        const { message } = error as Error;
        const code = errorCode(error);
        return blind(unavailable(`${path}: ${code ?? 'error'}: ${message}`, code));
      }
    },
    close,
  };
}

function inodeOf(path: string): Reading<number> {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return unavailable(`${path}: no such file`);
  // Opening a FIFO would wait for its other end, and a link may lead anywhere.
  return stat.isFile() ? available(stat.ino) : unavailable(`${path}: is not a regular file`);
}

function openReadOnly(path: string, inode: number): Open {
  const db = new Database(path, { readonly: true, fileMustExist: true, timeout: 250 });
  try {
    db.pragma('query_only = ON');
    // The file is another account's: no function that its schema names is called.
    db.pragma('trusted_schema = OFF');
    // 1 MB instead of better-sqlite3's 16: nothing is read twice.
    db.pragma('cache_size = -1000');
    const rows = db.prepare('SELECT COUNT(*) AS n, MAX(id) AS id, MAX(ts) AS ts FROM ticks WHERE id > ?');
    return { db, inode, rows };
  } catch (error) {
    db.close();
    throw error;
  }
}

function look(now: Open, seen: Seen): Read {
  const refused = notTables(now.db);
  if (refused !== null) return blind(unavailable(refused));
  return { progress: progress(now, seen), heartbeat: readHeartbeat(now.db), life: readLife(now.db) };
}

function progress({ db, rows }: Open, seen: Seen): ProgressReading {
  // The global `performance` would load a module of its own for a command that looks once.
  const started = process.hrtime.bigint();
  if (seen.lastId === null) {
    const first = db.prepare('SELECT MAX(id) AS id FROM ticks').get() as { id: number | null };
    seen.lastId = first.id ?? 0;
  }
  const { n, id, ts } = rows.get(seen.lastId) as { n: number; id: number | null; ts: number | null };
  seen.lastId = id ?? seen.lastId;
  seen.count += n;
  const probe_ms = Number(process.hrtime.bigint() - started) / 1e6;
  return available({ new_rows: n, ticks_count: seen.count, last_tick_ts: ts, probe_ms });
}

/** Names one of our tables that is something else: a view or a virtual table may produce rows without end. */
function notTables(db: Database.Database): string | null {
  const query =
    "SELECT name FROM sqlite_schema WHERE name IN ('ticks', 'engine_status', 'engine_lives') AND NOT (type = 'table' AND rootpage > 0)";
  const row = db.prepare(query).get() as { name: string } | undefined;
  return row === undefined ? null : `${row.name}: is not a table`;
}
