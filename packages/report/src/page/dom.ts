/// <reference lib="dom" />
/// <reference lib="dom.iterable" />

/** An element. Text is always a text node: nothing that came from a log is ever read as markup. */
export function el(tag: string, attributes: Record<string, string>, ...children: (Node | string)[]): HTMLElement {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

/** The colour that the style sheet gives a name, in the present scheme. */
export function color(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}

/** `12:34:56` UTC, with the day in front where asked. Seconds since the epoch. */
export function timeText(t: number, day: boolean): string {
  const iso = new Date(t * 1000).toISOString();
  return day ? `${iso.slice(0, 10)} ${iso.slice(11, 19)}` : iso.slice(11, 19);
}

/** `2h 5m`, `45s`: two units at most. */
export function spanText(seconds: number): string {
  const s = Math.round(seconds);
  if (s < 60) return `${s}s`;
  if (s < 3600) return `${Math.floor(s / 60)}m ${s % 60}s`;
  return `${Math.floor(s / 3600)}h ${Math.floor((s % 3600) / 60)}m`;
}

/** A number at the precision that fits its size. */
export function numberText(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '–';
  const size = Math.abs(value);
  return size >= 1000
    ? Math.round(value).toLocaleString('en').replaceAll(',', '\u202f')
    : String(Math.round(value * (size < 10 ? 100 : 10)) / (size < 10 ? 100 : 10));
}

export function keyValueList(title: string, pairs: [string, string][]): HTMLElement {
  const list = el('dl', { class: 'pairs' });
  for (const [key, value] of pairs) list.append(el('div', {}, el('dt', {}, key), el('dd', {}, value)));
  return el('section', { class: 'card' }, el('h2', {}, title), list);
}
