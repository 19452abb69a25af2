import { closeSync, createReadStream, openSync, readSync } from 'node:fs';

/** https://www.sqlite.org/fileformat2.html#magic_header_string */
const MAGIC = 'SQLite format 3\0';
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const ROWS = 1000;

/** Lines of a file in chunks as they are read, or the ticks of a database as if they were such lines. */
export function linesOf(path: string, longestLine: number): AsyncGenerator<Buffer[]> {
  const head = Buffer.alloc(MAGIC.length);
  const fd = openSync(path, 'r');
  readSync(fd, head, 0, head.length, 0);
  closeSync(fd);
  if (head.toString('latin1') === MAGIC) return ticksOfDatabase(path);
  return linesOfText(path, head.indexOf(BYTE_ORDER_MARK) === 0 ? BYTE_ORDER_MARK.length : 0, longestLine);
}

/** Without their ends, empty ones left out. A line that is too long is cut off there: no frame is so long. */
async function* linesOfText(path: string, start: number, longest: number): AsyncGenerator<Buffer[]> {
  let parts: Buffer[] = [];
  let length = 0;
  const keep = (part: Buffer) => {
    const kept = part.subarray(0, Math.max(0, longest - length));
    if (kept.length > 0) parts.push(kept);
    length += kept.length;
  };
  const line = () => {
    const whole = parts.length === 1 ? (parts[0] as Buffer) : Buffer.concat(parts);
    parts = [];
    length = 0;
    return whole.at(-1) === RETURN ? whole.subarray(0, -1) : whole;
  };
  for await (const chunk of createReadStream(path, { start }) as AsyncIterable<Buffer>) {
    const lines: Buffer[] = [];
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, at));
      lines.push(line());
      from = at + 1;
    }
    keep(chunk.subarray(from));
    yield lines.filter((bytes) => bytes.length > 0);
  }
  if (length > 0) yield [line()];
}

interface Row {
  id: number;
  [column: string]: unknown;
}

/** In the order of their ids, up to the last that is there now. The database is opened read-only. */
async function* ticksOfDatabase(path: string): AsyncGenerator<Buffer[]> {
  const { default: Database } = await import('better-sqlite3');
  const db = new Database(path, { readonly: true, fileMustExist: true });
  try {
    const names = (db.pragma('table_info(ticks)') as { name: string }[]).map(({ name }) => name);
    if (names.length === 0) throw new Error('no table "ticks"');
    // The earlier system's table ends with `ts`.
    const columns = ['symbol', 'price', 'volume', 'ts', 'source', 'trade_id'].filter((name) => names.includes(name));
    const { last } = db.prepare('SELECT MAX(id) AS last FROM ticks').get() as { last: number | null };
    const select = db.prepare(
      `SELECT id, ${columns.join(', ')} FROM ticks WHERE id > ? AND id <= ? ORDER BY id LIMIT ${ROWS}`,
    );
    for (let after = Number.MIN_SAFE_INTEGER; ; ) {
      const rows = select.all(after, last) as Row[];
      if (rows.length === 0) return;
      after = (rows.at(-1) as Row).id;
      yield rows.map(({ id, ...tick }) => Buffer.from(JSON.stringify(tick)));
    }
  } finally {
    db.close();
  }
}
