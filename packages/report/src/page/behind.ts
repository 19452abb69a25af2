/// <reference lib="dom" />
import { el, numberText, timeText } from './dom.ts';

/** Rows of a plot's table: more would not be read. */
export const BEHIND_ROWS = 60;

/** What a plot says to those who do not see it. */
export function named(holder: HTMLElement, name: string, explained: string): void {
  const plot = holder.querySelector('.uplot');
  plot?.setAttribute('role', 'img');
  plot?.setAttribute('aria-label', `${name}. ${explained}`);
}

/** The numbers of a plot as a table, made when it is opened. */
export function behindTable(
  title: string,
  labels: string[],
  points: () => ArrayLike<ArrayLike<number | null | undefined>>,
): HTMLElement {
  const details = el('details', { class: 'behind' }, el('summary', {}, `${title} as a table`));
  details.addEventListener('toggle', () => {
    if (!(details as HTMLDetailsElement).open) return;
    details.querySelector('.scroll')?.remove();
    const data = points();
    const times = data[0] ?? [];
    const step = Math.max(1, Math.ceil(times.length / BEHIND_ROWS));
    const rows: HTMLElement[] = [];
    for (let i = times.length - 1; i >= 0; i -= step) {
      const cells = labels.map((_, series) => el('td', {}, numberText(data[series + 1]?.[i])));
      rows.push(el('tr', {}, el('th', { scope: 'row' }, timeText(Number(times[i]), true)), ...cells));
    }
    const head = el('tr', {}, ...['time', ...labels].map((name) => el('th', { scope: 'col' }, name)));
    details.append(
      el(
        'div',
        { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': `${title} as a table` },
        el('table', {}, el('thead', {}, head), el('tbody', {}, ...rows)),
      ),
    );
  });
  return details;
}
