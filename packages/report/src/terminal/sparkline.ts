const LEVELS = '▁▂▃▄▅▆▇█';
/** A value that is not known has a place in time all the same. */
const UNKNOWN = '·';

/**
 * `values`, oldest first, as at most `cells` characters, `top` the full height. Where there are more values than cells,
 * each cell shows the highest of its own: a short peak is what somebody looks for.
 */
export function sparkline(values: readonly (number | null)[], cells: number, top: number): string {
  if (cells < 1) return '';
  const group = Math.max(1, Math.ceil(values.length / cells));
  let drawn = '';
  // Counted from the newest, so that a cell keeps its values while it moves.
  for (let end = values.length; end > 0; end -= group) {
    const known = values.slice(Math.max(0, end - group), end).filter((value) => value !== null);
    drawn = (known.length === 0 ? UNKNOWN : level(Math.max(...known), top)) + drawn;
  }
  return drawn;
}

function level(value: number, top: number): string {
  const share = top > 0 ? value / top : 0;
  return LEVELS[Math.min(LEVELS.length - 1, Math.max(0, Math.floor(share * LEVELS.length)))] as string;
}

/** A bar of `cells` characters, filled to `share` of it in eighths. */
export function bar(share: number, cells: number): string {
  const eighths = Math.round(Math.min(1, Math.max(0, share)) * cells * 8);
  const full = Math.floor(eighths / 8);
  const part = ' ▏▎▍▌▋▊▉'[eighths % 8] as string;
  return ('█'.repeat(full) + (full < cells ? part : '')).padEnd(cells, ' ');
}
