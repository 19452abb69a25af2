/// <reference lib="dom" />
import type uPlotType from 'uplot';
import type { PageData } from '../page-data.ts';
import { color, el, numberText, timeText, ZONE } from './dom.ts';
import { HOVER_PX, markedOf, type markTip } from './marks.ts';

declare const uPlot: typeof uPlotType;

export interface Shared {
  data: PageData;
  all: uPlotType[];
  tip: ReturnType<typeof markTip>;
  reset: HTMLButtonElement;
}

/** Between two lines of a time axis, seconds: a finer step would name the same second twice. */
export const WHOLE_SECONDS = [
  1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400,
];

/** From the first to the last thing known of the run, seconds since the epoch. */
export function extentOf(data: PageData): [number, number] {
  const times = data.points[0] as number[];
  const ends = [times[0], times.at(-1), data.decisions[0]?.t, data.decisions.at(-1)?.t].filter((t) => t !== undefined);
  const from = Math.min(...ends);
  return [from, Math.max(from + 1, ...ends)];
}

/** The time there would be written over the labels of the other axis. */
export const isAtEdge = (plot: uPlotType, t: number): boolean => plot.valToPos(t, 'x') < 26;

export function setSpan(all: uPlotType[], min: number, max: number): void {
  for (const plot of all) plot.setScale('x', { min, max });
}

/** A value in a plot's title line, and the key that shows how it is drawn. */
export type PlotReading = [key: string, text: string];

/** A plot's title line; the returned function writes the values under the pointer, or without one the highest. */
export function heading(holder: HTMLElement, title: string, unit: string, explained: string) {
  const values = el('span', { class: 'values' });
  holder.append(el('figcaption', { title: explained }, el('b', {}, title), el('small', {}, ` ${unit}`), values));
  return (shown: PlotReading[], t: number | null) => {
    const parts: PlotReading[] = t === null ? shown : [...shown, ['', timeText(t, false)]];
    values.replaceChildren(...parts.map(([key, text]) => el('span', { class: key }, text)));
  };
}

export interface Drawing {
  height: number;
  range: uPlotType.Range.Function;
  axis: uPlotType.Axis;
  series: uPlotType.Series[];
  draw(plot: uPlotType): void;
  /** `t` is where the pointer is, null where there is none. */
  cursorAt(plot: uPlotType, t: number | null): void;
}

export function plotOptions({ all, reset, data }: Shared, drawing: Drawing): uPlotType.Options {
  const axis = { stroke: () => color('second'), font: '11px system-ui', ticks: { show: false }, gap: 4 };
  const grid = { stroke: () => color('grid'), width: 1 };
  const moved = (plot: uPlotType) => {
    const { left } = plot.cursor;
    const inside = left !== undefined && left !== null && left >= 0;
    drawing.cursorAt(plot, inside ? plot.posToVal(left, 'x') : null);
  };
  return {
    width: 600,
    height: drawing.height,
    legend: { show: false },
    tzDate: (t) => (ZONE.utc ? uPlot.tzDate(new Date(t * 1000), 'UTC') : new Date(t * 1000)),
    cursor: { sync: { key: 'soak' }, y: false, points: { show: false }, drag: { x: true, y: false, dist: 4 } },
    scales: { x: { time: true, range: (_, min, max) => [min ?? 0, max ?? 1] }, y: { range: drawing.range } },
    axes: [
      {
        ...axis,
        grid,
        size: 20,
        space: 70,
        incrs: WHOLE_SECONDS,
        values: (plot, splits) => splits.map((t) => (isAtEdge(plot, t) ? '' : axisTime(t, splits))),
      },
      {
        ...axis,
        grid,
        size: 52,
        space: 26,
        values: (_, splits) => splits.map((value) => numberText(value)),
        ...drawing.axis,
      },
    ],
    series: [{}, ...drawing.series],
    hooks: {
      draw: [drawing.draw],
      ready: [moved],
      setCursor: [moved],
      setData: [moved],
      setScale: [
        (plot, key) => {
          const { min, max } = plot.scales['x'] as { min?: number; max?: number };
          if (key !== 'x' || min === undefined || max === undefined) return;
          const [from, to] = extentOf(data);
          reset.hidden = min <= from && max >= to;
          for (const other of all)
            if (other !== plot && (other.scales['x']?.min !== min || other.scales['x']?.max !== max))
              other.setScale('x', { min, max });
        },
      ],
    },
  };
}

/** `12:34`, with seconds where the lines stand closer than a minute. */
export function axisTime(t: number, splits: number[]): string {
  const close = splits.length > 1 && (splits[1] ?? 0) - (splits[0] ?? 0) < 60;
  return timeText(t, false).slice(0, close ? 8 : 5);
}

/** Keeps a plot as wide as its holder, and shows the marks under the pointer. Returns how to redraw it. */
export function mount(
  plot: uPlotType,
  holder: HTMLElement,
  shared: Shared,
  points: () => uPlotType.AlignedData,
): () => void {
  const { all, data, tip, reset } = shared;
  all.push(plot);
  plot.setScale('x', { min: extentOf(data)[0], max: extentOf(data)[1] });
  const fit = () => {
    if (holder.clientWidth > 0) plot.setSize({ width: holder.clientWidth, height: plot.height });
  };
  new ResizeObserver(fit).observe(holder);
  plot.over.addEventListener('mousemove', (event) => {
    const x = event.clientX - plot.over.getBoundingClientRect().left;
    tip.show(
      event,
      markedOf(data.decisions).filter(({ t }) => Math.abs(plot.valToPos(t, 'x') - x) <= HOVER_PX),
    );
  });
  plot.over.addEventListener('mouseleave', () => tip.hide());
  return () => {
    // On its way to paper nobody waits for an observer.
    if (plot.width !== holder.clientWidth) fit();
    const { min, max } = plot.scales['x'] as { min: number; max: number };
    plot.setData(points(), false);
    const [from, to] = reset.hidden ? extentOf(data) : [min, max];
    plot.setScale('x', { min: from, max: to });
  };
}
