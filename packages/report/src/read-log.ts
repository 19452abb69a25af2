import { batchesOf, lineFollower } from './line-follower.ts';

/**
 * A line of a decision log, by this tool or the earlier one: the same field names, where the earlier one has neither
 * `seq` nor `policy`. Only `timestamp` and `action` are certain; what is missing reads as empty.
 */
export interface LogRecord {
  timestamp: string;
  action: string;
  run_id: string;
  state: string;
  current_sample_every: number | null;
  reason: string;
  [field: string]: unknown;
}

export interface DecisionsRead {
  records: LogRecord[];
  /** Lines that are no decision record. */
  garbage: number;
  /** Bytes of a last line that is no record and has no newline: a write that a power loss cut off, or one under way. */
  tornBytes: number;
}

/** One line as a record; null where it is none. */
export function parseRecord(line: string): LogRecord | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const found = value as Record<string, unknown>;
  if (typeof found['timestamp'] !== 'string' || typeof found['action'] !== 'string') return null;
  if (Number.isNaN(Date.parse(found['timestamp']))) return null;
  const text = (field: string) => (typeof found[field] === 'string' ? found[field] : '');
  const every = found['current_sample_every'];
  return {
    ...found,
    timestamp: found['timestamp'],
    action: found['action'],
    run_id: text('run_id'),
    state: text('state'),
    current_sample_every: typeof every === 'number' ? every : null,
    reason: text('reason'),
  };
}

/** Reads a whole decision log; empty where the file is missing. Throws where it cannot be read. */
export function readLog(path: string): DecisionsRead {
  const follower = lineFollower(path);
  const read: DecisionsRead = { records: [], garbage: 0, tornBytes: 0 };
  try {
    for (const { lines } of batchesOf(follower))
      for (const line of lines) {
        const record = parseRecord(line);
        if (record !== null) read.records.push(record);
        else if (line.trim() !== '') read.garbage++;
      }
    const torn = follower.torn();
    const last = parseRecord(torn);
    if (last !== null) read.records.push(last);
    else read.tornBytes = Buffer.byteLength(torn);
  } finally {
    follower.close();
  }
  return read;
}
