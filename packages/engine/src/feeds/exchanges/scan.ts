const QUOTE = 0x22;
const ZERO = 0x30;
const DOT = 0x2e;
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
  /** What the last `integer` or `decimal` read. */
  number = 0;

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

  /** The inside of a string of A-Z, a-z, 0-9, `_`, `-`, `.`, whose opening quote was read; its closing quote is read too. */
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
      if (!isAlphanumeric(byte) && byte !== 0x5f && byte !== 0x2d && byte !== DOT) return -1;
    }
    return -1;
  }
}

const isAlphanumeric = (byte: number) =>
  ((byte | 0x20) >= 0x61 && (byte | 0x20) <= 0x7a) || (byte >= ZERO && byte <= 0x39);
