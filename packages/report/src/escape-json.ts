import { printableJson } from '@hybrid-soak/contract/printable.ts';

/** JSON that cannot end its script element, begin a comment in it, or break a line: it is text to every parser. */
export function escapeJson(value: unknown): string {
  return printableJson(value).replace(/[<>&]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
