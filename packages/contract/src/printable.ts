// Control characters, line separators, and the marks that turn the direction of writing around.
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const UNPRINTABLE = /[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;

/** Text from outside must not steer a terminal: what cannot be printed is shown by its number. One line. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** The same for a text of several lines. */
export const printableLines = (text: string): string => text.split('\n').map(printable).join('\n');

/** A value as one line of JSON that steers no terminal either: what is shown by its number is an escape of JSON. */
export const printableJson = (value: unknown): string => printable(JSON.stringify(value));
