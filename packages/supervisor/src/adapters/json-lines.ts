import { closeSync, readSync } from 'node:fs';
import { openRegular } from './safe-open.ts';

const CHUNK_BYTES = 1 << 20;

/** What a file of JSON lines held. `garbage`: lines that are no JSON, torn by power loss or by an editor; passed over. */
export interface Lines {
  lines: number;
  garbage: number;
}

/**
 * Every value of a file with one JSON value a line, in order and in bounded memory, until `each` answers `false`. Empty
 * lines, CRLF and a byte order mark are passed over; `wanted` tells by the text which lines are worth parsing. Throws as
 * the file system does where the file cannot be read.
 */
export function readJsonLines(
  path: string,
  each: (value: unknown) => unknown,
  wanted: (text: string) => boolean = () => true,
): Lines {
  const counted = { lines: 0, garbage: 0 };
  readLines(path, (line) => {
    const text = counted.lines === 0 ? line.replace(/^\uFEFF/, '') : line;
    if (text.trim() === '') return true;
    counted.lines++;
    if (!wanted(text)) return true;
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      counted.garbage++;
      return true;
    }
    return each(value) !== false;
  });
  return counted;
}

function readLines(path: string, take: (line: string) => boolean): void {
  // A recording is named by a person: a link to it is as good.
  const fd = openRegular(path, 'read', { follow: true });
  try {
    const chunk = Buffer.alloc(CHUNK_BYTES);
    let rest: Buffer = Buffer.alloc(0);
    for (let length = readSync(fd, chunk); length > 0; length = readSync(fd, chunk)) {
      const bytes = Buffer.concat([rest, chunk.subarray(0, length)]);
      let from = 0;
      for (let end = bytes.indexOf(10); end >= 0; end = bytes.indexOf(10, from)) {
        if (!take(bytes.toString('utf8', from, end))) return;
        from = end + 1;
      }
      rest = bytes.subarray(from);
    }
    take(rest.toString('utf8'));
  } finally {
    closeSync(fd);
  }
}
