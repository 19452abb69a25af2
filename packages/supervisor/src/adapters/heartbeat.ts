import { CONNECTION_STATES, readVitals } from '@hybrid-soak/contract/heartbeat.ts';
import { available, unavailable } from '@hybrid-soak/contract/reading.ts';
import type { HeartbeatReading, LifeReading } from '@hybrid-soak/contract/sample.ts';
import type Database from 'better-sqlite3';

/** Columns that a database of an earlier schema does not have are undefined. */
interface StatusRow {
  pid: number;
  invocation_id: string | null;
  last_flush_ms: number;
  frames_received: number;
  ticks_written: number;
  drops: number;
  connection: string | null;
  connection_state?: string | null;
  sample_every: number;
  trade_frames_kept?: number | null;
  trade_frames_sampled_out?: number | null;
  vitals?: string | null;
}

const COLUMNS = [
  ...['pid', 'invocation_id', 'last_flush_ms', 'frames_received', 'ticks_written', 'drops', 'sample_every'],
  ...['connection', 'connection_state', 'trade_frames_kept', 'trade_frames_sampled_out', 'vitals'],
];
/** The file is another account's: a longer value is not loaded (octet_length() of SQLite looks at the row's header alone). */
const MOST_BYTES = 1024 * 1024;
const bounded = (name: string) => `CASE WHEN octet_length(${name}) <= ${MOST_BYTES} THEN ${name} END AS ${name}`;

/** The engine's heartbeat row. */
export function readHeartbeat(db: Database.Database): HeartbeatReading {
  let row: StatusRow | undefined;
  try {
    // The earlier system's database has no such table until the engine has migrated it.
    const there = db
      .prepare('SELECT * FROM engine_status')
      .columns()
      .map(({ name }) => name);
    const wanted = COLUMNS.filter((name) => there.includes(name)).map(bounded);
    row = db.prepare(`SELECT ${wanted.join(', ')} FROM engine_status WHERE id = 1`).get() as StatusRow | undefined;
  } catch (error) {
    return unavailable(`engine_status: ${(error as Error).message}`);
  }
  if (row === undefined) return unavailable('the engine has not written its heartbeat row');
  const connection_state = CONNECTION_STATES.find((state) => state === row.connection_state);
  return available({
    pid: row.pid,
    invocation_id: row.invocation_id,
    last_flush_ms: row.last_flush_ms,
    age_ms: Math.max(0, Date.now() - row.last_flush_ms),
    frames_received: row.frames_received,
    ticks_written: row.ticks_written,
    drops: row.drops,
    connection: row.connection ?? '',
    ...(connection_state === undefined ? {} : { connection_state }),
    sample_every: row.sample_every,
    ...(row.trade_frames_kept === undefined ? {} : { trade_frames_kept: row.trade_frames_kept }),
    ...(row.trade_frames_sampled_out === undefined ? {} : { trade_frames_sampled_out: row.trade_frames_sampled_out }),
    ...(row.vitals === undefined ? {} : { vitals: vitalsOf(row.vitals) }),
  });
}

/** What the engine reports of itself; null if it is not what the contract says. */
function vitalsOf(text: string | null) {
  if (text === null) return null;
  try {
    return readVitals(JSON.parse(text));
  } catch {
    return null;
  }
}

/** The life of the engine that ended last. */
export function readLife(db: Database.Database): LifeReading {
  try {
    const row = db
      .prepare(
        `SELECT ${['invocation_id', 'end_reason', 'exit_code'].map(bounded).join(', ')} FROM engine_lives WHERE end_reason IS NOT NULL ORDER BY id DESC LIMIT 1`,
      )
      .get() as { invocation_id: string | null; end_reason: string; exit_code: number | null } | undefined;
    return row === undefined ? unavailable('no life of the engine has ended') : available(row);
  } catch (error) {
    return unavailable(`engine_lives: ${(error as Error).message}`);
  }
}
