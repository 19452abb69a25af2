import { saneMillis } from '../../core/decimal.ts';

const QUOTE = 0x22;
const ZERO = 0x30;
const DOT = 0x2e;
const DASH = 0x2d;
const SLASH = 0x2f;
const UNDERSCORE = 0x5f;
const COLON = 0x3a;
const LETTER_T = 0x54;
const LETTER_Z = 0x5a;
const DATE_LENGTH = 10;
/** A mantissa of up to 15 digits and a power of ten of up to 10^22 are exact, so their quotient is rounded once, rightly. */
const MAX_DIGITS = 15;
const LONGEST_WORD = 32;
const POWERS = Array.from({ length: MAX_DIGITS + 1 }, (_, n) => 10 ** n);

/**
 * One pass over a frame's bytes. Each read moves on past what it has read; one that does not find what it wants says so,
 * and the caller leaves the frame to the full parser. Nothing is allocated.
 */
export class Scan {
  bytes: Uint8Array = new Uint8Array(0);
  at = 0;
  /** What was read last: an integer, a decimal or a time. */
  number = 0;
  /** The date of the last time that was read, and its first millisecond: the next time is usually of the same day. */
  readonly #day = { text: '', ms: Number.NaN };

  over(bytes: Uint8Array): this {
    this.bytes = bytes;
    this.at = 0;
    return this;
  }

  /** Exactly these bytes. */
  literal(wanted: Uint8Array): boolean {
    const { bytes, at } = this;
    for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
    this.at = at + wanted.length;
    return true;
  }

  /** A JSON integer from 0 of at most 15 digits. */
  integer(): boolean {
    const { bytes, at: start } = this;
    let at = start;
    let number = 0;
    for (let digit = (bytes[at] as number) - ZERO; digit >= 0 && digit <= 9; digit = (bytes[++at] as number) - ZERO)
      number = number * 10 + digit;
    const length = at - start;
    if (length === 0 || length > MAX_DIGITS || (length > 1 && bytes[start] === ZERO)) return false;
    this.number = number;
    this.at = at;
    return true;
  }

  /** Digits, perhaps a point and digits: at most 15 in all. Exponents and signs are the full parser's. */
  decimal(): boolean {
    const { bytes, at: start } = this;
    let at = start;
    let mantissa = 0;
    let point = -1;
    for (; ; at++) {
      const byte = bytes[at] as number;
      if (byte === DOT && point < 0 && at > start) {
        point = at;
        continue;
      }
      const digit = byte - ZERO;
      if (!(digit >= 0 && digit <= 9)) break;
      mantissa = mantissa * 10 + digit;
    }
    const decimals = point < 0 ? 0 : at - point - 1;
    const length = at - start - (point < 0 ? 0 : 1);
    if (length === 0 || length > MAX_DIGITS || (point >= 0 && decimals === 0)) return false;
    this.number = mantissa / (POWERS[decimals] as number);
    this.at = at;
    return true;
  }

  /** The same as a JSON number, which has no leading zeros. */
  jsonDecimal(): boolean {
    const { bytes, at } = this;
    return !(bytes[at] === ZERO && isDigit(bytes[at + 1])) && this.decimal();
  }

  /** `2025-07-03T02:07:18.600459Z`, up to nine digits of a second: milliseconds in the sane window, what is finer cut off. */
  isoMillis(): boolean {
    const { bytes, at } = this;
    const time = at + DATE_LENGTH;
    const hours = this.#two(time + 1, LETTER_T);
    const minutes = this.#two(time + 4, COLON);
    const seconds = this.#two(time + 7, COLON);
    if (!(hours < 24 && minutes < 60 && seconds < 60)) return false;
    let end = time + 9;
    let millis = 0;
    if (bytes[end] === DOT) {
      for (end++; isDigit(bytes[end]) && end - time <= 18; end++)
        if (end - time <= 12) millis = millis * 10 + (bytes[end] as number) - ZERO;
      const digits = end - time - 10;
      if (digits === 0) return false;
      if (digits < 3) millis *= POWERS[3 - digits] as number;
    }
    if (bytes[end] !== LETTER_Z) return false;
    const ms = this.#midnight(at) + ((hours * 60 + minutes) * 60 + seconds) * 1000 + millis;
    if (saneMillis(ms) === undefined) return false;
    this.number = ms;
    this.at = end + 1;
    return true;
  }

  /** The inside of a string of A-Z, a-z, 0-9, `_`, `-`, `.`, `/`, whose opening quote was read; its closing quote is read too. */
  word(): { from: number; to: number } | undefined {
    const from = this.at;
    const to = this.#wordEnd();
    if (to < 0) return undefined;
    this.at = to + 1;
    return { from, to };
  }

  /**
   * The same for a symbol, which begins with a letter or digit and has at most 32 of these bytes (`symbolText`); one that is
   * the one of before is given back as the very same string.
   */
  sameWord(before: { text: string }): boolean {
    const { bytes, at } = this;
    const { text } = before;
    let same = text.length > 0 && bytes[at + text.length] === QUOTE;
    for (let i = 0; same && i < text.length; i++) same = bytes[at + i] === text.charCodeAt(i);
    if (same) {
      this.at = at + text.length + 1;
      return true;
    }
    const to = this.#wordEnd();
    if (to <= at || to - at > LONGEST_WORD || !isAlphanumeric(bytes[at] as number)) return false;
    before.text = Buffer.from(bytes.buffer, bytes.byteOffset + at, to - at).toString('latin1');
    this.at = to + 1;
    return true;
  }

  atEnd(): boolean {
    return this.at === this.bytes.length;
  }

  /** Offset of the closing quote; -1 if another byte comes first. */
  #wordEnd(): number {
    const { bytes } = this;
    for (let at = this.at; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) return at;
      if (!isAlphanumeric(byte) && byte !== UNDERSCORE && (byte < DASH || byte > SLASH)) return -1;
    }
    return -1;
  }

  /** The number of two digits behind the byte `before`; NaN if that is not what stands there. */
  #two(at: number, before: number): number {
    const { bytes } = this;
    if (bytes[at - 1] !== before || !isDigit(bytes[at]) || !isDigit(bytes[at + 1])) return Number.NaN;
    return ((bytes[at] as number) - ZERO) * 10 + (bytes[at + 1] as number) - ZERO;
  }

  /** The first millisecond of the date that stands there; NaN if there is none. */
  #midnight(at: number): number {
    const { bytes } = this;
    const day = this.#day;
    let same = day.text !== '';
    for (let i = 0; same && i < DATE_LENGTH; i++) same = bytes[at + i] === day.text.charCodeAt(i);
    if (same) return day.ms;
    const text = Buffer.from(bytes.buffer, bytes.byteOffset + at, DATE_LENGTH).toString('latin1');
    if (!DATE.test(text)) return Number.NaN;
    day.text = text;
    day.ms = Date.parse(`${text}T00:00:00Z`);
    return day.ms;
  }
}

const DATE = /^\d{4}-\d\d-\d\d$/;
const isDigit = (byte: number | undefined) => byte !== undefined && byte >= ZERO && byte <= 0x39;

const isAlphanumeric = (byte: number) =>
  ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) || (byte >= ZERO && byte <= 0x39);
