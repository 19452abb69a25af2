/// <reference lib="dom" />
import type uPlotType from 'uplot';
import type { EngineView, TableRow } from '../live/database.ts';
import type { RunNews } from '../live/run-follower.ts';
import type { PageData } from '../page-data.ts';
import { color, el, numberText, timeText } from './dom.ts';
import { WHOLE_SECONDS } from './plot.ts';
import { followScheme, type Shown, showRun } from './start.ts';
import { tile } from './summary.ts';

declare const uPlot: typeof uPlotType;

export const KEPT_RATES = 1800;

/** The live page: the engine on top, the run below, the latest rows at the end, all fed by server-sent events. */
export function startLive(): void {
  const main = document.querySelector('main') as HTMLElement;
  const state = el('small', { id: 'state' }, 'connecting');
  document.querySelector('header')?.append(state);
  const engine = engineSection();
  const runArea = el('div', { id: 'run' });
  main.replaceChildren(engine.section, runArea, engine.latest);
  let data: PageData | null = null;
  let shown: Shown | null = null;
  followScheme(() => shown?.redraw());
  const events = new EventSource('/events');
  const on = (name: string, take: (value: unknown) => void) =>
    events.addEventListener(name, (event) => take(JSON.parse((event as MessageEvent<string>).data)));
  events.addEventListener('open', () => {
    state.textContent = 'live';
  });
  events.addEventListener('error', () => {
    state.textContent = 'connection lost, trying again';
  });
  on('dismissed', () => {
    events.close();
    state.textContent = 'closed: too many pages are open; reload to see it again';
  });
  on('run', (value) => {
    data = value as PageData | null;
    shown?.close();
    shown = null;
    if (data === null) runArea.replaceChildren(el('section', { class: 'card' }, 'No soak has been run here yet.'));
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
}

export function engineSection(): { section: HTMLElement; latest: HTMLElement; show(view: EngineView): void } {
  const status = el('div', { class: 'tiles' });
  const tables = el('div', { class: 'tables' });
  const rates = ratePlot();
  const section = el('section', { class: 'card', id: 'engine' }, el('h2', {}, 'Engine'), status, rates.holder);
  const latest = el('section', { class: 'card', id: 'latest' }, tables);
  return {
    section,
    latest,
    show({ at, status: found, tables: read }) {
      status.replaceChildren(
        ...(found.available ? statusTiles(found.value, at) : [el('p', { class: 'note' }, found.why)]),
      );
      if (found.available) rates.add(at, Number(found.value['ticks_written']));
      tables.replaceChildren(...read.map(({ name, rows }) => latestTable(name, rows)));
    },
  };
}

export function statusTiles(row: TableRow, at: number): HTMLElement[] {
  const count = (name: string) => tile(name.replaceAll('_', ' '), numberText(Number(row[name])));
  const age = (at - Number(row['last_flush_ms'])) / 1000;
  return [
    tile('connection', String(row['connection'] ?? 'unknown')),
    tile('heartbeat', `${numberText(Math.max(0, age))} s ago`, age > 10 ? 'the engine is not running, or stuck' : ''),
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
    tzDate: (t) => uPlot.tzDate(new Date(t * 1000), 'UTC'),
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
      { class: 'scroll' },
      el(
        'table',
        {},
        el('thead', {}, el('tr', {}, ...columns.map((key) => el('th', {}, key)))),
        el(
          'tbody',
          {},
          ...rows.value.map((row) => el('tr', {}, ...columns.map((key) => el('td', {}, cell(key, row[key]))))),
        ),
      ),
    ),
  );
}
