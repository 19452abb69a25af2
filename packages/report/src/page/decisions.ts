/// <reference lib="dom" />
import type { PageDecision } from '../page-data.ts';
import { el, timeText } from './dom.ts';

export const MAX_TABLE_ROWS = 1000;

/** The decision table: filter by text and action, the whole record on demand, a time that zooms every plot. */
export function decisionTable(zoomTo: (t: number) => void): { section: HTMLElement; add(added: PageDecision[]): void } {
  const all: PageDecision[] = [];
  const text = el('input', {
    type: 'search',
    placeholder: 'Filter: text',
    'aria-label': 'Filter by text',
  }) as HTMLInputElement;
  const action = el('select', { 'aria-label': 'Filter by action' }) as HTMLSelectElement;
  const count = el('small', { id: 'count', role: 'status' });
  const empty = el('p', { class: 'note', hidden: '' });
  const rows = new Map<PageDecision, HTMLElement>();
  const body = el('tbody', {});
  action.append(el('option', { value: '' }, 'all actions'));
  const draw = () => {
    const needle = text.value.toLowerCase();
    const chosen = all.filter(
      (decision) => (action.value === '' || decision.action === action.value) && matches(decision, needle),
    );
    // A row that is there stays as it is: its record may be open, or somebody selects text in it.
    const wanted = new Set(chosen.slice(-MAX_TABLE_ROWS));
    for (const [decision, row] of rows)
      if (!wanted.has(decision)) {
        row.remove();
        rows.delete(decision);
      }
    let before: HTMLElement | null = null;
    for (const decision of wanted) {
      const row: HTMLElement = rows.get(decision) ?? decisionRow(decision, zoomTo);
      const place: Element | null = before === null ? body.firstElementChild : before.nextElementSibling;
      if (place !== row) body.insertBefore(row, place);
      rows.set(decision, row);
      before = row;
    }
    empty.hidden = chosen.length > 0;
    empty.textContent = all.length === 0 ? 'No decision yet.' : 'No decision matches this filter.';
    const shown =
      chosen.length > MAX_TABLE_ROWS ? `the last ${MAX_TABLE_ROWS} of ${chosen.length}` : `${chosen.length}`;
    count.textContent = chosen.length === all.length ? shown : `${shown} (of ${all.length})`;
  };
  text.addEventListener('input', draw);
  action.addEventListener('change', draw);
  const head = el(
    'tr',
    {},
    ...['time', 'rung', 'action', 'reason', 'numbers'].map((name) => el('th', { scope: 'col' }, name)),
  );
  const section = el(
    'section',
    { class: 'card', id: 'decisions' },
    el('h2', {}, 'Decisions ', count),
    el('div', { class: 'filter' }, text, action),
    el(
      'div',
      { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': 'Decisions' },
      el('table', {}, el('thead', {}, head), body),
      empty,
    ),
  );
  return {
    section,
    add(added) {
      const known = new Set(all.map((decision) => decision.action));
      all.push(...added);
      const fresh = [...new Set(added.map((decision) => decision.action))].filter((name) => !known.has(name));
      action.append(...fresh.map((name) => el('option', { value: name }, name)));
      draw();
    },
  };
}

export function matches(decision: PageDecision, needle: string): boolean {
  const { rung, action, reason, numbers } = decision;
  return needle === '' || `${rung} ${action} ${reason} ${numbers}`.toLowerCase().includes(needle);
}

export function decisionRow(decision: PageDecision, zoomTo: (t: number) => void): HTMLElement {
  const { t, rung, every, action, reason, numbers, means, record } = decision;
  const time = el('button', { type: 'button', title: 'Show in the plots', 'data-t': `${t}` }, timeText(t, true));
  time.addEventListener('click', () => zoomTo(t));
  const details = el('details', {}, el('summary', {}, numbers === '' ? 'record' : numbers));
  details.addEventListener('toggle', () => {
    if (details.children.length === 1) details.append(el('pre', {}, JSON.stringify(record, null, 2)));
  });
  return el(
    'tr',
    { class: markTone(action) },
    el('td', {}, time),
    el('td', {}, rung, el('small', {}, every === null ? '' : ` 1/${every}`)),
    el('td', { title: means }, action),
    el('td', {}, reason),
    el('td', {}, details),
  );
}

/** How much an action matters: what went wrong, what was done about it, and the rest. */
export function markTone(action: string): string {
  const wrong = [
    'STALL',
    'ABORT',
    'ENGINE_EXIT',
    'ENGINE_RESTART_FAILED',
    'CONFIG_ERROR',
    'THROTTLE_MAX',
    'PSI_UNAVAILABLE',
  ];
  if (wrong.includes(action)) return 'bad';
  return action === 'ENGINE_RESTART' || action === 'PSI_LOGONLY' ? 'acted' : 'other';
}
