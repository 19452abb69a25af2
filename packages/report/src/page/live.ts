/// <reference lib="dom" />
import type uPlotType from 'uplot';
import type { EngineView, TableRow } from '../live/database.ts';
import type { RunNews } from '../live/run-follower.ts';
import type { PageData } from '../page-data.ts';
import { named } from './behind.ts';
import { color, el, numberText, patch, spanText, tile, timeText, ZONE, zoneSwitch } from './dom.ts';
import { WHOLE_SECONDS } from './plot.ts';
import { followScheme, type Shown, showRun } from './start.ts';

declare const uPlot: typeof uPlotType;

export const KEPT_RATES = 1800;

/** Old enough to say so, seconds: the engine writes its heartbeat at least every second. */
export const HEARTBEAT_OLD_S = 10;

/** The live page: the run on top, the engine below, the latest rows at the end, all fed by server-sent events. */
export function startLive(): void {
  const main = document.querySelector('main') as HTMLElement;
  const engine = engineSection();
  const runArea = el('div', { id: 'run' });
  main.replaceChildren(runArea, engine.section, engine.latest);
  let data: PageData | null = null;
  let shown: Shown | null = null;
  const redraw = () => shown?.redraw();
  const state = connectionState();
  document.querySelector('header')?.append(zoneSwitch(redraw), state.shown);
  main.before(state.banner);
  followScheme(redraw);
  const retitle = () => {
    if (data !== null) document.title = `${data.decisions.at(-1)?.rung ?? ''} · ${data.verdict.word} · hybrid-soak`;
  };
  const events = new EventSource('/events');
  const on = (name: string, take: (value: unknown) => void) =>
    events.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data)));
  events.addEventListener('open', () => state.say('live', null));
  events.addEventListener('error', () =>
    state.say('connection lost', 'No connection to the server: this page is old. Trying again.'),
  );
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
    } else {
      data = next;
      shown?.close();
      shown = null;
      if (data === null) runArea.replaceChildren(el('section', { class: 'card' }, 'No soak has been run here yet.'));
      else shown = showRun(runArea, data);
    }
    retitle();
  });
  on('news', (value) => {
    if (data === null) return;
    const { rows, decisions } = value as RunNews;
    for (const row of rows) row.forEach((point, index) => void data?.points[index]?.push(point));
    data.decisions.push(...decisions);
    shown?.redraw();
    retitle();
  });
  on('engine', (value) => engine.show(value as EngineView));
  setInterval(() => {
    shown?.tick();
    engine.tick();
    state.tick();
  }, 1000);
}

/** Where the page stands with its server: a word in the header, and a banner if it is not live, with for how long. */
export function connectionState() {
  const shown = el('small', { id: 'state' }, 'connecting');
  const banner = el('p', { id: 'lost', role: 'alert', hidden: '' });
  let since = Date.now();
  let text: string | null = null;
  const tick = () => {
    banner.hidden = text === null;
    const full = text === null ? '' : `${text} (${spanText((Date.now() - since) / 1000)})`;
    if (banner.textContent !== full) banner.textContent = full;
    document.documentElement.classList.toggle('lost', text !== null);
  };
  return {
    shown,
    banner,
    tick,
    say(word: string, problem: string | null) {
      if (problem !== text) since = Date.now();
      shown.textContent = word;
      text = problem;
      tick();
    },
  };
}

export function engineSection(): {
  section: HTMLElement;
  latest: HTMLElement;
  show(view: EngineView): void;
  tick(): void;
} {
  const status = el('div', { class: 'tiles' });
  const tables = el('div', { class: 'tables' });
  const rates = ratePlot();
  const section = el('section', { class: 'card', id: 'engine' }, el('h2', {}, 'Engine'), status, rates.holder);
  const latest = el('section', { class: 'card', id: 'latest' }, tables);
  let view: EngineView | null = null;
  let received = 0;
  // The age of the heartbeat goes by the server's clock, and grows here between two looks.
  const tick = () => {
    if (view === null) return;
    const { at, status: found } = view;
    const now = at + Date.now() - received;
    patch(status, found.available ? statusTiles(found.value, now) : [el('p', { class: 'note' }, found.why)]);
  };
  return {
    section,
    latest,
    tick,
    show(seen) {
      const { at, status: found, tables: read } = seen;
      view = seen;
      received = Date.now();
      tick();
      if (found.available) rates.add(at, Number(found.value['ticks_written']));
      patch(
        tables,
        read.map(({ name, rows }) => latestTable(name, rows)),
      );
    },
  };
}

export function statusTiles(row: TableRow, at: number): HTMLElement[] {
  const count = (name: string) => tile(name.replaceAll('_', ' '), numberText(Number(row[name])));
  const age = Math.max(0, (at - Number(row['last_flush_ms'])) / 1000);
  const connection = String(row['connection'] ?? 'unknown');
  const isStopped = row['connection_state'] === 'stopped' || connection === 'stopped';
  const isGone = isStopped || age > HEARTBEAT_OLD_S;
  const ago = `${spanText(age)} ago`;
  return [
    isStopped
      ? tile('engine', `stopped ${ago}`, '', 'bad')
      : tile(
          'connection',
          isGone ? 'none: the engine is not running, or stuck' : connection,
          isGone ? `until then: ${connection}` : '',
          isGone ? 'bad' : '',
        ),
    tile('last heartbeat', ago, `old from ${HEARTBEAT_OLD_S} s on`, isGone ? 'bad' : ''),
    count('frames_received'),
    count('ticks_written'),
    count('drops'),
    tile('sample_every', String(row['sample_every'] ?? 'unknown')),
    tile('pid', String(row['pid'] ?? 'unknown')),
  ];
}

/** Ticks a second since the page was opened; a count that went down is a new process. */
export function ratePlot(): { holder: HTMLElement; add(at: number, ticks: number): void } {
  const holder = el(
    'figure',
    {},
    el('figcaption', {}, el('b', {}, 'Ticks'), el('small', {}, ' /s, since this page is open')),
  );
  const times: number[] = [];
  const rates: (number | null)[] = [];
  let last: { at: number; ticks: number } | null = null;
  let plot: uPlotType | null = null;
  const axis = { stroke: () => color('second'), font: '11px system-ui', ticks: { show: false } };
  const options = (): uPlotType.Options => ({
    width: Math.max(200, holder.clientWidth),
    height: 100,
    legend: { show: false },
    tzDate: (t) => (ZONE.utc ? uPlot.tzDate(new Date(t * 1000), 'UTC') : new Date(t * 1000)),
    cursor: { show: false },
    scales: { y: { range: (_, __, max) => [0, Math.max(1, (max ?? 0) * 1.1)] } },
    axes: [
      {
        ...axis,
        size: 20,
        space: 80,
        grid: { show: false },
        incrs: WHOLE_SECONDS,
        values: (_, splits) => splits.map((t) => timeText(t, false)),
      },
      { ...axis, size: 52, space: 26, grid: { stroke: () => color('grid'), width: 1 } },
    ],
    series: [
      {},
      { stroke: () => color('accent'), fill: () => color('accent-fill'), width: 1.25, points: { show: false } },
    ],
  });
  new ResizeObserver(() => plot?.setSize({ width: holder.clientWidth, height: 100 })).observe(holder);
  return {
    holder,
    add(at, ticks) {
      const rate =
        last === null || ticks < last.ticks || at <= last.at ? null : ((ticks - last.ticks) * 1000) / (at - last.at);
      last = { at, ticks };
      times.push(at / 1000);
      rates.push(rate);
      if (times.length > KEPT_RATES) [times, rates].forEach((list) => void list.shift());
      plot ??= new uPlot(options(), [[], []], holder);
      plot.setData([times, rates]);
      named(holder, 'Ticks a second since this page is open', 'The tiles above have the present numbers.');
    },
  };
}

/** The newest rows of a table, with whatever columns it has; `ts` and `*_ms` are shown as times. */
export function latestTable(name: string, rows: EngineView['tables'][number]['rows']): HTMLElement {
  const title = el('h2', {}, name);
  if (!rows.available) return el('div', {}, title, el('p', { class: 'note' }, rows.why));
  if (rows.value.length === 0) return el('div', {}, title, el('p', { class: 'note' }, 'none yet'));
  const columns = Object.keys(rows.value[0] ?? {}).filter((key) => rows.value.some((row) => row[key] !== null));
  const cell = (key: string, value: string | number | null | undefined) =>
    typeof value === 'number' && (key === 'ts' || key.endsWith('_ms'))
      ? timeText(value / 1000, false)
      : String(value ?? '');
  return el(
    'div',
    {},
    title,
    el(
      'div',
      { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': name },
      el(
        'table',
        {},
        el('thead', {}, el('tr', {}, ...columns.map((key) => el('th', { scope: 'col' }, key)))),
        el(
          'tbody',
          {},
          ...rows.value.map((row) => el('tr', {}, ...columns.map((key) => el('td', {}, cell(key, row[key]))))),
        ),
      ),
    ),
  );
}
