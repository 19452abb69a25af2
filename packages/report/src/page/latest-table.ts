/// <reference lib="dom" />
import type { EngineView, TableRow } from '../live/database.ts';
import { el, patch, timeText } from './dom.ts';

export type LatestRows = EngineView['tables'][number]['rows'];

/**
 * The newest rows of a table, with whatever columns it has. A row that is shown already stays, so that what somebody
 * selects in it stays selected.
 */
export function latestTable(name: string): { holder: HTMLElement; show(rows: LatestRows): void } {
  const note = el('p', { class: 'note' }, 'none yet');
  const head = el('thead', {});
  const body = el('tbody', {});
  const scroll = el(
    'div',
    { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `newest rows of ${name}`, hidden: '' },
    el('table', {}, head, body),
  );
  const holder = el('div', {}, el('h2', {}, name), note, scroll);
  const shown = new Map<string, HTMLElement>();
  return {
    holder,
    show(rows) {
      const found = rows.available ? rows.value : [];
      note.hidden = found.length > 0;
      scroll.hidden = found.length === 0;
      note.textContent = rows.available ? 'none yet' : rows.why;
      const columns = Object.keys(found[0] ?? {}).filter((key) => found.some((row) => row[key] !== null));
      patch(head, [el('tr', {}, ...columns.map((key) => el('th', { scope: 'col' }, key)))]);
      const wanted = new Map(found.map((row) => [JSON.stringify(columns.map((key) => [key, row[key]])), row]));
      for (const [key, row] of shown)
        if (!wanted.has(key)) {
          row.remove();
          shown.delete(key);
        }
      let before: Element | null = null;
      for (const [key, row] of wanted) {
        const line: HTMLElement = shown.get(key) ?? latestRow(columns, row);
        const place: Element | null = before === null ? body.firstElementChild : before.nextElementSibling;
        if (place !== line) body.insertBefore(line, place);
        shown.set(key, line);
        before = line;
      }
    },
  };
}

/** A longer text is broken on paper. */
export const LONG_TEXT = 16;

/** `ts` and `*_ms` are shown as times, which the switch of the zone reaches. */
export function latestRow(columns: string[], row: TableRow): HTMLElement {
  const cell = (key: string) => {
    const value = row[key];
    const text = String(value ?? '');
    if (typeof value !== 'number' || !(key === 'ts' || key.endsWith('_ms')))
      return el('td', text.length > LONG_TEXT ? { class: 'long' } : {}, text);
    return el('td', { 'data-clock': `${value / 1000}` }, timeText(value / 1000, false));
  };
  return el('tr', {}, ...columns.map(cell));
}
