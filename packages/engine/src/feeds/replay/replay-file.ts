import { closeSync, createReadStream, openSync, readSync } from 'node:fs';

/** https://www.sqlite.org/fileformat2.html#magic_header_string */
const MAGIC = 'SQLite format 3\0';
/** Files other than lines of UTF-8, by their first bytes, and what to do about them. */
const OTHERS: [begin: string, what: string][] = [
  ['\x1f\x8b', 'it is compressed with gzip; unpack it first: gunzip -k FILE'],
  ['\x28\xb5\x2f\xfd', 'it is compressed with zstd; unpack it first: zstd -d FILE'],
  ['BZh', 'it is compressed with bzip2; unpack it first: bunzip2 -k FILE'],
  ['\xfd7zXZ', 'it is compressed with xz; unpack it first: unxz -k FILE'],
  ['PK\x03\x04', 'it is a zip archive; unpack it first: unzip FILE'],
  ['\xff\xfe', 'it is UTF-16; make it UTF-8: iconv -f UTF-16 -t UTF-8 FILE'],
  ['\xfe\xff', 'it is UTF-16; make it UTF-8: iconv -f UTF-16 -t UTF-8 FILE'],
];
const BYTE_ORDER_MARK = Buffer.from('\uFEFF');
const NEWLINE = 0x0a;
const RETURN = 0x0d;
const ROWS = 1000;

/**
 * Lines of a file in chunks as they are read, or the ticks of a database as if they were such lines. Throws if the file
 * cannot be read as either.
 */
export function linesOf(path: string, longestLine: number): AsyncGenerator<Buffer[]> {
  const head = Buffer.alloc(MAGIC.length);
  const fd = openSync(path, 'r');
  readSync(fd, head, 0, head.length, 0);
  closeSync(fd);
  const begin = head.toString('latin1');
  if (begin === MAGIC) return ticksOfDatabase(path);
  const other = OTHERS.find(([magic]) => begin.startsWith(magic));
  if (other !== undefined) throw new Error(other[1]);
  return linesOfText(path, head.indexOf(BYTE_ORDER_MARK) === 0 ? BYTE_ORDER_MARK.length : 0, longestLine);
}

/** Without their ends. A line longer than any frame is truncated. */
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
    yield lines;
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
    const columns = ['symbol', 'price', 'volume', 'ts', 'source', 'trade_id']
      .filter((name) => names.includes(name))
      .map((name) => `ticks.${name}`);
    const market = names.includes('market');
    if (market) columns.push('venue', 'wire_symbol');
    const from = market ? 'ticks LEFT JOIN markets ON markets.id = ticks.market' : 'ticks';
    const { last } = db.prepare('SELECT MAX(id) AS last FROM ticks').get() as { last: number | null };
    const select = db.prepare(
      `SELECT ticks.id, ${columns.join(', ')} FROM ${from} WHERE ticks.id > ? AND ticks.id <= ? ORDER BY ticks.id LIMIT ${ROWS}`,
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
