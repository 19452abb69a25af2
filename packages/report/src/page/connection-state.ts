/// <reference lib="dom" />
import { el, spanText } from './dom.ts';

/** The server sends something each refresh: after this many of them, and this many ms, it is gone or hangs. */
export const SILENT_REFRESHES = 5;
export const SILENT_MS = 10_000;

/** Where the page stands with its server: a word in the header, and a banner if it is not live, with for how long. */
export function connectionState(refreshMs: number) {
  const shown = el('small', { id: 'state' }, 'connecting');
  const banner = el('p', { id: 'lost', role: 'alert', hidden: '' });
  let since = Date.now();
  let heardAt = Date.now();
  let text: string | null = null;
  const draw = () => {
    banner.hidden = text === null;
    const full = text === null ? '' : `${text} (${spanText((Date.now() - since) / 1000)})`;
    if (banner.textContent !== full) banner.textContent = full;
    document.documentElement.classList.toggle('lost', text !== null);
  };
  const say = (word: string, problem: string | null) => {
    if (problem !== text) since = Date.now();
    shown.textContent = word;
    text = problem;
    draw();
  };
  return {
    shown,
    banner,
    say,
    isLost: () => text !== null,
    /** Something has come from the server. */
    heard() {
      heardAt = Date.now();
      say('live', null);
    },
    /** Once a second. */
    tick() {
      const silent = Date.now() - heardAt > Math.max(SILENT_MS, SILENT_REFRESHES * refreshMs);
      if (silent && text === null) {
        say('no answer', 'Nothing comes from the server any more: this page is old.');
        since = heardAt;
      }
      draw();
    },
  };
}
