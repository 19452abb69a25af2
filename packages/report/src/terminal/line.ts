import { stripVTControlCharacters } from 'node:util';
import { printable } from '@hybrid-soak/contract/printable.ts';

/** Names of `util.styleText`. */
export type TextStyle = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';
export type Paint = (format: TextStyle, text: string) => string;
/** A piece of a line, and how it looks. */
export type Span = string | [TextStyle, string];

export const unpainted: Paint = (_, text) => text;

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u;

/** Cells of a terminal that a text takes, or a few more: never fewer. Colours take none. */
export function widthOf(text: string): number {
  let cells = 0;
  for (const char of stripVTControlCharacters(text)) cells += WIDE.test(char) ? 2 : 1;
  return cells;
}

/** The spans as one line of at most `columns` cells; what does not fit is cut off, and an ellipsis says so. */
export function lineOf(spans: readonly Span[], columns: number, paint: Paint): string {
  const texts = spans.map((span) => printable(typeof span === 'string' ? span : span[1]));
  const whole = widthOf(texts.join('')) <= columns;
  let left = whole ? columns : columns - 1;
  let line = '';
  for (const [i, text] of texts.entries()) {
    const kept = whole ? text : cut(text, left);
    left -= widthOf(kept);
    const span = spans[i] as Span;
    line += typeof span === 'string' || kept === '' ? kept : paint(span[0], kept);
    if (kept !== text) break;
  }
  return whole ? line.trimEnd() : `${line}…`;
}

function cut(text: string, cells: number): string {
  let kept = '';
  let left = cells;
  for (const char of text) {
    left -= widthOf(char);
    if (left < 0) break;
    kept += char;
  }
  return kept;
}

/** The text as lines of at most `columns` cells, broken between words; lines after the first begin with `indent` spaces. */
export function wrapped(text: string, columns: number, indent: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/(?<=\S)(?= )/)) {
    if (line.trim() !== '' && widthOf(line) + widthOf(word) > columns) {
      lines.push(line);
      line = ' '.repeat(indent) + word.trimStart();
    } else line += word;
  }
  return [...lines, line];
}
