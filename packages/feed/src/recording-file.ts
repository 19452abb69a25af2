import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { errorCode } from '@hybrid-soak/contract/error-code.ts';

export interface RotationRules {
  /** A file that would grow past this many bytes becomes `FILE.1`, `FILE.1` becomes `FILE.2`, and so on. */
  maxBytes: number;
  /** How many of those are kept; the oldest is deleted. */
  keep: number;
}

const CHUNK = 65_536;
const NEWLINE = 0x0a;

/** An append-only file of lines. One that exists is continued, after a last line without an end was cut off. */
export class RecordingFile {
  readonly #path: string;
  readonly #rules: RotationRules;
  #fd: number;
  #size: number;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  /** Bytes of a torn last line that were cut off. */
  readonly cutOff: number;

  constructor(path: string, rules: RotationRules) {
    this.#path = path;
    this.#rules = rules;
    this.#fd = openSync(path, 'a+');
    const { size } = fstatSync(this.#fd);
    this.#size = endOfLastLine(this.#fd, size);
    this.cutOff = size - this.#size;
    if (this.cutOff > 0) ftruncateSync(this.#fd, this.#size);
  }

  /** `line` ends with a newline. It is in the file after the next `flush`, at the latest. */
  append(line: string): void {
    const bytes = Buffer.from(line);
    const size = this.#size + this.#waitingBytes;
    if (size > 0 && size + bytes.length > this.#rules.maxBytes) this.#rotate();
    this.#waiting.push(bytes);
    this.#waitingBytes += bytes.length;
    if (this.#waitingBytes >= CHUNK) this.flush();
  }

  flush(): void {
    if (this.#waiting.length === 0) return;
    const bytes = Buffer.concat(this.#waiting);
    this.#waiting = [];
    this.#waitingBytes = 0;
    for (let at = 0; at < bytes.length; ) at += writeSync(this.#fd, bytes, at);
    this.#size += bytes.length;
  }

  close(): void {
    this.flush();
    fsyncSync(this.#fd);
    closeSync(this.#fd);
  }

  #rotate(): void {
    this.flush();
    fsyncSync(this.#fd);
    closeSync(this.#fd);
    const name = (n: number) => (n === 0 ? this.#path : `${this.#path}.${n}`);
    rmSync(name(this.#rules.keep), { force: true });
    for (let n = this.#rules.keep - 1; n >= 0; n--) moveIfThere(name(n), name(n + 1));
    this.#fd = openSync(this.#path, 'a');
    this.#size = 0;
  }
}

function moveIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** The offset behind the last newline; 0 if there is none. */
function endOfLastLine(fd: number, size: number): number {
  const chunk = Buffer.alloc(CHUNK);
  for (let end = size; end > 0; ) {
    const from = Math.max(0, end - CHUNK);
    const read = readSync(fd, chunk, 0, end - from, from);
    const at = chunk.subarray(0, read).lastIndexOf(NEWLINE);
    if (at >= 0) return from + at + 1;
    end = from;
  }
  return 0;
}
