// A terminal's screen as far as the programs here use one, and an SVG of it.
// Control sequences: https://man7.org/linux/man-pages/man4/console_codes.4.html

interface Cell {
  text: string;
  style: string;
}

const COLOURS: Record<string, string> = {
  '31': '#e5484d',
  '32': '#30a46c',
  '33': '#d4a72c',
  '34': '#3b82f6',
  '35': '#a855f7',
  '36': '#0ea5b7',
  '90': '#7d8590',
};

/** Lines of cells after everything in `output` was written. Lines that scroll off the top are kept. */
export function screenOf(output: string): Cell[][] {
  const lines: Cell[][] = [[]];
  let [row, column] = [0, 0];
  let style = new Set<string>();
  const line = (): Cell[] => {
    while (lines.length <= row) lines.push([]);
    return lines[row] as Cell[];
  };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what a terminal reads
  for (const [whole, parameters, final] of output.matchAll(/\x1b\[([?\d;]*)([A-Za-z])|[^\x1b]/gu)) {
    const count = Number(parameters || 1);
    if (final === 'A') row = Math.max(0, row - count);
    else if (final === 'B') row += count;
    else if (final === 'G') column = count - 1;
    else if (final === 'K') line().splice(parameters === '2' ? 0 : column);
    else if (final === 'J') {
      line().splice(column);
      lines.splice(row + 1);
    } else if (final === 'm') style = restyled(style, (parameters || '0').split(';'));
    else if (final === undefined && whole === '\n') row++;
    else if (final === undefined && whole === '\r') column = 0;
    else if (final === undefined) {
      const cells = line();
      while (cells.length < column) cells.push({ text: ' ', style: '' });
      cells[column++] = { text: whole, style: [...style].join(' ') };
    }
  }
  return lines;
}

function restyled(before: Set<string>, codes: string[]): Set<string> {
  const style = new Set(before);
  const drop = (...names: string[]) => names.forEach((name) => void style.delete(name));
  for (const code of codes) {
    if (code === '0') style.clear();
    else if (code === '1' || code === '2') style.add(code);
    else if (code === '22') drop('1', '2');
    else if (code === '39') drop(...Object.keys(COLOURS));
    else if (code in COLOURS) {
      drop(...Object.keys(COLOURS));
      style.add(code);
    }
  }
  return style;
}

const FONT = 14;
const CELL = { width: 8.43, height: 19 };
const MARGIN = 14;

/** Readable on a light and on a dark page: it brings its own background. */
export function svgOf(title: string, lines: Cell[][], columns: number): string {
  const width = Math.ceil(columns * CELL.width + 2 * MARGIN);
  const height = Math.ceil(lines.length * CELL.height + 2 * MARGIN);
  const rows = lines.map((cells, row) => {
    const y = (MARGIN + (row + 0.75) * CELL.height).toFixed(1);
    return runsOf(cells).map(({ at, text, style }) => {
      const x = (MARGIN + at * CELL.width).toFixed(1);
      const length = ([...text].length * CELL.width).toFixed(1);
      return `<text x="${x}" y="${y}" textLength="${length}"${attributes(style)}>${markup(text)}</text>`;
    });
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" font-family="ui-monospace, Menlo, Consolas, 'DejaVu Sans Mono', monospace" font-size="${FONT}" fill="#d8dee4">
<title>${title}</title>
<rect width="100%" height="100%" rx="8" fill="#10151b"/>
${rows.flat().join('\n')}
</svg>
`;
}

/** Neighbours of one style as one text. */
function runsOf(cells: Cell[]): { at: number; text: string; style: string }[] {
  const runs: { at: number; text: string; style: string }[] = [];
  cells.forEach(({ text, style }, at) => {
    const last = runs.at(-1);
    if (last !== undefined && last.style === style) last.text += text;
    else runs.push({ at, text, style });
  });
  return runs.filter(({ text }) => text.trim() !== '');
}

function attributes(style: string): string {
  const codes = style.split(' ');
  const colour = codes.map((code) => COLOURS[code]).find((found) => found !== undefined);
  return [
    colour === undefined ? '' : ` fill="${colour}"`,
    codes.includes('1') ? ' font-weight="bold"' : '',
    codes.includes('2') ? ' opacity="0.65"' : '',
  ].join('');
}

/** Spaces are kept only as such that do not break. */
const markup = (text: string): string =>
  text.replace(/&/g, '&amp;').replace(/</g, '&lt;').replace(/>/g, '&gt;').replace(/ /g, '\u00a0');
