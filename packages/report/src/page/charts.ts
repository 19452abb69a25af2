/// <reference lib="dom" />
import type uPlotType from 'uplot';
import type { PageData } from '../page-data.ts';
import { COLUMNS } from '../series.ts';
import type { Trend } from '../trends.ts';
import { behindTable, named } from './behind.ts';
import { CHARTS, type ChartSpec, type SeriesSpec } from './chart-specs.ts';
import { color, el, numberText } from './dom.ts';
import { drawLevel, drawMarks, markedOf, markTip } from './marks.ts';
import { extentOf, heading, mount, type PlotReading, plotOptions, type Shared, setSpan } from './plot.ts';
import { drawTrend, trendAt, trendSpan } from './trends.ts';

declare const uPlot: typeof uPlotType;

export interface Plots {
  section: HTMLElement;
  zoomTo(t: number): void;
  /** Draws what has been added to `data`, as far to the right as it goes unless somebody has zoomed in. */
  refresh(): void;
  close(): void;
}

export const RUNG_ORDER = ['NORMAL', 'THROTTLE1', 'THROTTLE2', 'THROTTLE3'];
export const PLOT_HEIGHT = 118;
export const ZOOM_S = 120;

/** The timeline: rungs and marks on top, then every series, all on one time axis. */
export function plotSection(data: PageData): Plots {
  const all: uPlotType[] = [];
  const redraws: (() => void)[] = [];
  const reset = el('button', { type: 'button', hidden: '' }, 'Show all') as HTMLButtonElement;
  const hint = el('small', {}, 'drag to zoom, double-click for all');
  const section = el('section', { class: 'card', id: 'plots' }, el('h2', {}, 'Timeline ', reset), hint);
  const tip = markTip();
  const shared = { data, all, tip, reset };
  for (const make of [rungPlot, ...CHARTS.map((spec) => seriesPlot(spec))]) {
    const holder = el('figure', {});
    section.append(holder);
    const redraw = make(holder, shared);
    if (redraw !== null) redraws.push(redraw);
    else if (holder.childElementCount === 0) holder.remove();
  }
  const missing = CHARTS.filter((spec) => spec.optional !== true && isNotSampled(spec, data));
  if (missing.length > 0)
    section.append(el('p', { class: 'note' }, `Not sampled: ${missing.map(({ title }) => title).join(', ')}.`));
  reset.addEventListener('click', () => setSpan(all, ...extentOf(data)));
  const zoomTo = (t: number) => {
    setSpan(all, t - ZOOM_S, t + ZOOM_S);
    const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;
    section.scrollIntoView({ behavior: calm ? 'auto' : 'smooth' });
  };
  const refresh = () => {
    for (const redraw of redraws) redraw();
  };
  const close = () => {
    tip.close();
    for (const plot of all) plot.destroy();
  };
  return { section, zoomTo, refresh, close };
}

export function rungPlot(holder: HTMLElement, shared: Shared): (() => void) | null {
  const { data } = shared;
  if (data.decisions.length === 0) return null;
  const readout = heading(
    holder,
    'Rung',
    '',
    'The throttle ladder, with a mark for every decision that tells something.',
  );
  const points = () => {
    const [from, to] = extentOf(data);
    const steps = data.decisions.filter(({ rung }) => RUNG_ORDER.includes(rung));
    const heights = steps.map(({ rung }) => RUNG_ORDER.indexOf(rung));
    return [
      [from, ...steps.map(({ t }) => t), to],
      [heights[0] ?? 0, ...heights, heights.at(-1) ?? 0],
    ] as uPlotType.AlignedData;
  };
  const options = plotOptions(shared, {
    height: 104,
    range: () => [0, 3.9],
    axis: {
      splits: () => [0, 1, 2, 3],
      values: (_, splits) => splits.map((at) => ['NORMAL', 'T1', 'T2', 'T3'][at] ?? ''),
    },
    series: [
      {
        stroke: () => color('accent'),
        fill: () => color('accent-fill'),
        width: 1.5,
        points: { show: false },
        paths: (uPlot.paths.stepped as NonNullable<typeof uPlot.paths.stepped>)({ align: 1 }),
      },
    ],
    draw: (plot) => drawMarks(plot, markedOf(data.decisions), true),
    cursorAt: (_, t) => {
      const at = t === null ? data.decisions.at(-1) : data.decisions.findLast((decision) => decision.t <= t);
      readout(at === undefined ? [] : [['accent', `${at.rung} 1/${at.every ?? '?'}`]], t);
    },
  });
  const redraw = mount(new uPlot(options, points(), holder), holder, shared, points);
  named(holder, 'Rung over time', 'The same is in the table of decisions.');
  return redraw;
}

export function seriesPlot(spec: ChartSpec): (holder: HTMLElement, shared: Shared) => (() => void) | null {
  return (holder, shared) => {
    const { data } = shared;
    const known = spec.series.filter(({ column }) =>
      data.points[COLUMNS.indexOf(column)]?.some((value) => value !== null),
    );
    if (known.length === 0 && (spec.optional === true || isNotSampled(spec, data))) return null;
    const readout = heading(holder, spec.title, spec.unit, spec.explained);
    const told = unknownText(spec, known, data.blind);
    if (told !== null) holder.append(el('p', { class: 'note' }, told));
    if (known.length === 0) return null;
    const limit = spec.limit === 'stall' ? data.stallThresholdS : spec.limit && data.limits?.[spec.limit];
    const baseline = spec.limit === 'stall' || !spec.limit ? null : data.baseline?.[spec.limit];
    const trends = data.trends.filter(({ column }) => known.some((series) => series.column === column));
    const points = () =>
      [data.points[0], ...known.map(({ column }) => data.points[COLUMNS.indexOf(column)])] as uPlotType.AlignedData;
    const levels: PlotReading[] = [
      ...(typeof limit === 'number' ? [['limit', `limit ${numberText(limit)}`] as PlotReading] : []),
      ...(typeof baseline === 'number' ? [['baseline', `baseline ${numberText(baseline)}`] as PlotReading] : []),
    ];
    const options = plotOptions(shared, {
      height: PLOT_HEIGHT,
      range: (_, min, max) =>
        spec.around === undefined
          ? [0, Math.max(spec.atLeast, (max ?? 0) * 1.1, (typeof limit === 'number' ? limit : 0) * 1.1)]
          : aroundOf(spec.around, min, max, trendSpan(trends)),
      axis: {},
      series: known.map(({ color: name, fill, dash, dots }) => ({
        stroke: () => color(name),
        ...(fill ? { fill: () => color(`${name}-fill`) } : {}),
        ...(dash ? { dash: [4, 3] } : {}),
        width: 1.25,
        points: dots ? { show: true, size: 5, fill: () => color(name) } : { show: false },
      })),
      draw: (plot) => {
        for (const trend of trends) drawTrend(plot, trend, colorOf(known, trend));
        drawLevel(plot, limit, 'bad', [5, 4]);
        drawLevel(plot, baseline, 'second', [1, 3]);
        drawMarks(plot, markedOf(data.decisions), false);
      },
      cursorAt: (plot, t) => readout([...readings(plot, known, t), ...slopes(known, trends, t), ...levels], t),
    });
    const labels = [
      ...known.map(({ label }) => (spec.unit === '' ? label : `${label}, ${spec.unit}`)),
      ...trends.map(({ column }) => `fitted ${labelOf(known, column)}`),
    ];
    const fitted = () => {
      const values = points();
      const times = Array.from(values[0]);
      return [...values, ...trends.map((trend) => times.map((t) => trendAt(trend, t)))];
    };
    const redraw = mount(new uPlot(options, points(), holder), holder, shared, points);
    named(holder, `${spec.title}, ${spec.unit}`, spec.explained);
    holder.append(
      behindTable(
        spec.title,
        labels,
        fitted,
        known.map((_, series) => series + 1),
      ),
    );
    return redraw;
  };
}

/** What is said where the first series of a plot is missing; null where it is drawn. */
export function unknownText({ series, sensor }: ChartSpec, known: SeriesSpec[], blind: Record<string, string>) {
  const [first] = series as [SeriesSpec];
  const why = sensor === undefined ? undefined : blind[sensor];
  return why !== undefined && !known.includes(first) ? `${first.label}: unavailable, ${why}` : null;
}

/** Nothing of it is known, and no sensor says why: the run has no samples, or they are of an earlier version. */
export function isNotSampled({ series, sensor }: ChartSpec, { points, blind }: PageData): boolean {
  if (sensor !== undefined && blind[sensor] !== undefined) return false;
  return series.every(({ column }) => !points[COLUMNS.indexOf(column)]?.some((value) => value !== null));
}

/** The values under the pointer, or without one the highest. */
export function readings(plot: uPlotType, known: SeriesSpec[], t: number | null): PlotReading[] {
  return known.map(({ label, color: key }, i) => {
    const column = plot.data[i + 1] as (number | null)[];
    const index = plot.cursor.idx;
    if (t !== null && typeof index === 'number') return [key, `${label} ${numberText(column[index])}`];
    return [key, `${label} max ${numberText(highest(column))}`];
  });
}

export function slopes(known: SeriesSpec[], trends: Trend[], t: number | null): PlotReading[] {
  return trends.map((trend) => {
    const name = known.length === 1 ? '' : `${labelOf(known, trend.column)} `;
    return [trend.drift ? 'bad slope' : 'slope', `${name}${slopeText(trend, t)}`];
  });
}

/** A range of at least `least` around what is drawn. */
export function aroundOf(
  least: number,
  min: number | null,
  max: number | null,
  span: [number, number] | null,
): [number, number] {
  const low = Math.min(min ?? Number.POSITIVE_INFINITY, span?.[0] ?? Number.POSITIVE_INFINITY);
  const high = Math.max(max ?? Number.NEGATIVE_INFINITY, span?.[1] ?? Number.NEGATIVE_INFINITY);
  if (low > high) return [0, least];
  const room = Math.max(0, least - (high - low)) / 2 + (high - low) * 0.1;
  return [Math.max(0, low - room), high + room];
}

export function labelOf(series: SeriesSpec[], column: string): string {
  return series.find((one) => one.column === column)?.label ?? column;
}

export function colorOf(series: SeriesSpec[], { column }: Trend): string {
  return series.find((one) => one.column === column)?.color ?? 'accent';
}

/** `+0.3 MiB/h (-0.1 .. 0.7)`, and the fitted value under the pointer. */
export function slopeText(trend: Trend, t: number | null): string {
  const at = t === null ? null : trendAt(trend, t);
  return at === null ? `slope ${trend.text}` : `slope ${trend.text}, here ${numberText(at)}`;
}

export function highest(values: (number | null)[]): number | null {
  return values.reduce((most, value) => (value !== null && (most === null || value > most) ? value : most), null);
}
