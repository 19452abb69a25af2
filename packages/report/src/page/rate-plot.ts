/// <reference lib="dom" />
import type uPlotType from 'uplot';
import { behindTable, named } from './behind.ts';
import { color, el, timeText, ZONE } from './dom.ts';
import { isAtEdge, WHOLE_SECONDS } from './plot.ts';

declare const uPlot: typeof uPlotType;

export const KEPT_RATES = 1800;
export const RATE_HEIGHT = 100;

export interface RatePlot {
  holder: HTMLElement;
  add(at: number, ticks: number): void;
  /** After the colours, the zone or the width have changed. */
  redraw(): void;
}

/** Ticks a second since the page was opened; a count that went down is a new process. */
export function ratePlot(): RatePlot {
  const holder = el(
    'figure',
    { hidden: '' },
    el('figcaption', {}, el('b', {}, 'Ticks'), el('small', {}, ' /s, since this page is open')),
  );
  const times: number[] = [];
  const rates: (number | null)[] = [];
  let last: { at: number; ticks: number } | null = null;
  let plot: uPlotType | null = null;
  const axis = { stroke: () => color('second'), font: '11px system-ui', ticks: { show: false } };
  const options = (): uPlotType.Options => ({
    width: Math.max(200, holder.clientWidth),
    height: RATE_HEIGHT,
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
        values: (shown, splits) => splits.map((t) => (isAtEdge(shown, t) ? '' : timeText(t, false))),
      },
      { ...axis, size: 52, space: 26, grid: { stroke: () => color('grid'), width: 1 } },
    ],
    series: [
      {},
      { stroke: () => color('accent'), fill: () => color('accent-fill'), width: 1.25, points: { show: false } },
    ],
  });
  const redraw = () => {
    if (plot === null || holder.clientWidth === 0) return;
    if (plot.width === holder.clientWidth) plot.redraw();
    else plot.setSize({ width: holder.clientWidth, height: RATE_HEIGHT });
  };
  new ResizeObserver(redraw).observe(holder);
  const start = () => {
    const made = new uPlot(options(), [[], []], holder);
    named(holder, 'Ticks a second since this page is open', 'The tiles above have the present numbers.');
    holder.append(behindTable('Ticks a second', ['written, /s'], () => [times, rates]));
    return made;
  };
  return {
    holder,
    add(at, ticks) {
      const rate =
        last === null || ticks < last.ticks || at <= last.at ? null : ((ticks - last.ticks) * 1000) / (at - last.at);
      last = { at, ticks };
      times.push(at / 1000);
      rates.push(rate);
      if (times.length > KEPT_RATES) [times, rates].forEach((list) => void list.shift());
      holder.hidden = false;
      plot ??= start();
      plot.setData([times, rates]);
    },
    redraw,
  };
}
