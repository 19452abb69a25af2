/**
 * Files of one JSON value a line, as both packages read them: the byte source is injected, so that this stays free of I/O.
 * Lines end with LF or CRLF; empty lines and a byte order mark are skipped; the last line may lack its newline.
 */
export interface ByteSource {
  /** Bytes in the file now; a later growth is not read. */
  size: number;
  /** Fills `into` from position `at` of the file; returns the number of bytes read, 0 at the end. */
  read(into: Uint8Array, at: number): number;
}

/** Complete lines of one part of a file. A class: a getter of an object literal keeps each block's text until a full collection. */
export class LineBlock {
  /** Where the part begins in the file. */
  readonly at: number;
  readonly text: string;

  constructor(at: number, text: string) {
    this.at = at;
    this.text = text;
  }

  /** Splits the text at each call. */
  get lines(): string[] {
    const lines = this.text.split('\n');
    if (lines.at(-1) === '') lines.pop();
    return lines;
  }
}

/** Strings of a mebibyte are kept outside the heap, where a hundred of them wait for the collector. */
const BLOCK_BYTES = 1 << 16;
const LF = 0x0a;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });

/** A longer line is not a record: it comes in pieces, so that a file without a newline takes no more memory than this. */
const LONGEST_BYTES = 1 << 25;

/** The lines of bytes `from` to `to` in order, a block at a time; a line that is longer than a block comes whole. */
export function* lineBlocks(
  source: ByteSource,
  { from = 0, to = source.size, blockBytes = BLOCK_BYTES, longestBytes = LONGEST_BYTES } = {},
): Generator<LineBlock> {
  let chunk = new Uint8Array(blockBytes);
  for (let at = from; at < to; ) {
    const length = fill(source, chunk.subarray(0, Math.min(chunk.length, to - at)), at);
    if (length === 0) return;
    const last = at + length >= to;
    const cut = chunk.lastIndexOf(LF, length - 1) + 1;
    const end = last || (cut === 0 && length >= longestBytes) ? length : cut;
    if (end === 0) {
      chunk = new Uint8Array(chunk.length * 2);
      continue;
    }
    yield blockOf(at, chunk.subarray(0, end));
    at += end;
  }
}

/** The same blocks from the end of the file to its start; the lines within a block are still in the file's order. */
export function* lineBlocksBackward(
  source: ByteSource,
  { to = source.size, blockBytes = BLOCK_BYTES, longestBytes = LONGEST_BYTES } = {},
): Generator<LineBlock> {
  let chunk = new Uint8Array(blockBytes);
  for (let end = to; end > 0; ) {
    const from = Math.max(0, end - chunk.length);
    const length = fill(source, chunk.subarray(0, end - from), from);
    const first = from === 0 ? 0 : chunk.indexOf(LF) + 1;
    // Without a newline before its last byte the block is the end of one longer line.
    const isWhole = from === 0 || (first > 0 && first < length);
    if (!isWhole && length < longestBytes) {
      chunk = new Uint8Array(chunk.length * 2);
      continue;
    }
    const begin = isWhole ? first : 0;
    yield blockOf(from + begin, chunk.subarray(begin, length));
    end = from + begin;
  }
}

function fill(source: ByteSource, into: Uint8Array, at: number): number {
  let length = 0;
  while (length < into.length) {
    const read = source.read(into.subarray(length), at + length);
    if (read === 0) break;
    length += read;
  }
  return length;
}

const blockOf = (at: number, bytes: Uint8Array) => new LineBlock(at, decoder.decode(bytes));

/** What a line holds: a value, nothing (an empty line), or no JSON (torn by a power loss, or written by an editor). */
export type JsonLine = { kind: 'value'; value: unknown } | { kind: 'empty' } | { kind: 'garbage' };

export function parseJsonLine(line: string): JsonLine {
  const text = line.charCodeAt(0) === 0xfeff ? line.slice(1) : line;
  if (text.trim() === '') return { kind: 'empty' };
  try {
    return { kind: 'value', value: JSON.parse(text) };
  } catch {
    return { kind: 'garbage' };
  }
}
