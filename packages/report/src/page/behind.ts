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

/** The numbers of a plot as a table, made when it is opened; a row for each time at which a series of `drawn` has a value. */
export function behindTable(
  title: string,
  labels: string[],
  points: () => ArrayLike<ArrayLike<number | null | undefined>>,
  drawn = labels.map((_, series) => series + 1),
): HTMLElement {
  const details = el('details', { class: 'behind' }, el('summary', {}, `${title} as a table`));
  details.addEventListener('toggle', () => {
    if (!(details as HTMLDetailsElement).open) return;
    details.querySelector('.scroll')?.remove();
    const data = points();
    const times = data[0] ?? [];
    const filled = Array.from(times, (_, i) => i).filter((i) => drawn.some((series) => data[series]?.[i] != null));
    const step = Math.max(1, Math.ceil(filled.length / BEHIND_ROWS));
    const rows: HTMLElement[] = [];
    for (let at = filled.length - 1; at >= 0; at -= step) {
      const i = filled[at] as number;
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
