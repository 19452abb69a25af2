/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { clockText, dayText, stampText } from '../stamp.ts';

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

/** How times are shown: in the reader's zone, or UTC; the switch in the header changes it. */
export const ZONE = { utc: false };

/** `12:34:56` in the chosen zone, with the day in front if asked for. Seconds since the epoch. */
export function timeText(t: number, day: boolean): string {
  const clock = clockText(t * 1000, ZONE);
  return day ? `${dayText(t * 1000, ZONE).slice(0, 10)} ${clock}` : clock;
}

/** Makes `parent` hold `next`; what is equal already stays as it is, with its focus and selection. */
export function patch(parent: Node, next: Node[]): void {
  next.forEach((node, index) => {
    const old = parent.childNodes[index];
    if (old === undefined) parent.appendChild(node);
    else if (!old.isEqualNode(node)) morph(old, node);
  });
  while (parent.childNodes.length > next.length) parent.lastChild?.remove();
}

/** Makes `old` equal to `next`, changing as little of it as can be. */
export function morph(old: ChildNode, next: Node): void {
  if (old instanceof Element && next instanceof Element && old.tagName === next.tagName) {
    for (const { name } of [...old.attributes]) if (!next.hasAttribute(name)) old.removeAttribute(name);
    for (const { name, value } of [...next.attributes]) old.setAttribute(name, value);
    patch(old, [...next.childNodes]);
  } else if (old instanceof Text && next instanceof Text) old.data = next.data;
  else old.replaceWith(next);
}

/** The switch between local time and UTC; `redraw` draws what it does not reach itself. */
export function zoneSwitch(redraw: () => void): HTMLElement {
  const button = el('button', { type: 'button', id: 'zone', title: 'Switch between local time and UTC' });
  const show = () => {
    button.textContent = `times: ${ZONE.utc ? 'UTC' : `local, ${dayText(Date.now(), ZONE).slice(11)}`}`;
    for (const time of document.querySelectorAll<HTMLElement>('[data-t]'))
      time.textContent = timeText(Number(time.dataset['t']), true);
    for (const time of document.querySelectorAll<HTMLElement>('[data-clock]'))
      time.textContent = timeText(Number(time.dataset['clock']), false);
    for (const time of document.querySelectorAll<HTMLElement>('[data-stamp]'))
      time.textContent = stampText(Number(time.dataset['stamp']), ZONE);
  };
  button.addEventListener('click', () => {
    ZONE.utc = !ZONE.utc;
    show();
    redraw();
  });
  show();
  return button;
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
  for (const [key, value] of pairs) list.append(el('div', {}, el('dt', {}, key), pairValue(value)));
  return el('section', { class: 'card' }, el('h2', {}, title), list);
}

/** A moment, as the log has it, is shown in the chosen zone. */
export function pairValue(value: string): HTMLElement {
  const stamp = /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value) ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(stamp)) return el('dd', {}, value);
  return el('dd', { 'data-stamp': `${stamp}`, title: value }, stampText(stamp, ZONE));
}

/** A number with its name above and its yardstick below; `tone` is a class of the style sheet. */
export function tile(label: string, value: string, more = '', tone = ''): HTMLElement {
  return el(
    'div',
    { class: tone === '' ? 'tile' : `tile ${tone}` },
    el('small', {}, label),
    el('b', {}, value),
    el('small', {}, more),
  );
}
