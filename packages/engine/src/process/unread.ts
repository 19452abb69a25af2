import type { Logger } from 'pino';

/** Lines that are logged one by one; the rest are counted. */
const TOLD = 5;
const VALID =
  'a line each: a frame as it came, {"received_ms":…,"raw":"…"}, or {"symbol":…,"price":…,"volume":…,"ts":…}';

/** The lines of a recording that could not be read: counted, and the first of them logged with their numbers. */
export class UnreadLines {
  readonly #file: string;
  readonly #log: Logger;
  count = 0;

  constructor(file: string, log: Logger) {
    this.#file = file;
    this.#log = log;
  }

  tell(line: number, why: string): void {
    if (++this.count > TOLD) return;
    this.#log.warn({ file: this.#file, line, why, valid: VALID }, 'a line cannot be read');
  }

  /** At the end of the recording, of which `lines` were handed over and `ticks` came. */
  sum(lines: number, ticks: number): void {
    if (this.count > TOLD) this.#log.warn({ file: this.#file, unread: this.count, lines }, 'lines that cannot be read');
    if (lines > 0 && ticks === 0) this.#log.warn({ file: this.#file, lines }, 'no trade is in the recording');
  }
}
