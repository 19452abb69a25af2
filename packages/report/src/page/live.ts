/// <reference lib="dom" />
import type { EngineView } from '../live/database.ts';
import type { RunNews } from '../live/run-follower.ts';
import type { PageData } from '../page-data.ts';
import { connectionState } from './connection-state.ts';
import { el, zoneSwitch } from './dom.ts';
import { engineSection } from './engine.ts';
import { embedded, followScheme, type Shown, showRun } from './start.ts';

export const NO_SOAK = 'No soak has been run here yet: soak run begins one.';

/** The live page: the run on top, the engine below, the latest rows at the end, all fed by server-sent events. */
export function startLive(): void {
  const main = document.querySelector('main') as HTMLElement;
  const engine = engineSection();
  const runArea = el('div', { id: 'run' });
  main.replaceChildren(runArea, engine.section, engine.latest);
  let data: PageData | null = null;
  let shown: Shown | null = null;
  const redraw = () => {
    shown?.redraw();
    engine.redraw();
  };
  const { refresh_ms } = embedded() as { refresh_ms: number };
  const state = connectionState(refresh_ms);
  document.querySelector('header')?.append(zoneSwitch(redraw), state.shown);
  main.before(state.banner);
  followScheme(redraw);
  const retitle = () => {
    const run = data === null ? '' : `${data.decisions.at(-1)?.rung ?? ''} · ${data.verdict.word} · `;
    document.title = `${state.isLost() ? '✗ no connection · ' : ''}${run}hybrid-soak`;
  };
  const events = new EventSource('events');
  const on = (name: string, take: (value: unknown) => void) =>
    events.addEventListener(name, (event) => {
      state.heard();
      take(JSON.parse((event as MessageEvent<string>).data));
      retitle();
    });
  events.addEventListener('open', () => state.heard());
  events.addEventListener('error', () => {
    state.say('connection lost', 'No connection to the server: this page is old. Trying again.');
    retitle();
  });
  on('dismissed', () => {
    events.close();
    state.say('closed', 'Closed: too many pages are open. Reload to see it again.');
  });
  on('ended', () => {
    events.close();
    state.say('ended', 'The soak has ended, and with it the server of this page: this is how it ended.');
  });
  on('run', (value) => {
    const next = value as PageData | null;
    if (data !== null && shown !== null && next?.run === data.run) {
      Object.assign(data, next);
      shown.redraw();
      return;
    }
    data = next;
    shown?.close();
    shown = null;
    if (data === null) runArea.replaceChildren(el('section', { class: 'card' }, NO_SOAK));
    else shown = showRun(runArea, data);
  });
  on('news', (value) => {
    if (data === null) return;
    const { rows, decisions } = value as RunNews;
    for (const row of rows) row.forEach((point, index) => void data?.points[index]?.push(point));
    data.decisions.push(...decisions);
    shown?.redraw();
  });
  on('engine', (value) => engine.show(value as EngineView));
  setInterval(() => {
    state.tick();
    retitle();
    // What nobody tells any more is as old as it is: its times stand still.
    if (state.isLost()) return;
    shown?.tick();
    engine.tick();
  }, 1000);
}
