/// <reference lib="dom" />
import type uPlotType from 'uplot';
import type { Trend } from '../trends.ts';
import { color } from './dom.ts';

/** The fitted lines of a slope, each with the band that its interval allows. */
export function drawTrend(plot: uPlotType, { lines, drift }: Trend, name: string): void {
  const { ctx, bbox } = plot;
  const px = (t: number) => plot.valToPos(t, 'x', true);
  const py = (y: number) => plot.valToPos(y, 'y', true);
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  ctx.strokeStyle = ctx.fillStyle = color(drift ? 'bad' : name);
  for (const { t, y, low, high } of lines) {
    const [from, to] = [px(t[0]), px(t[1])];
    const middle = (from + to) / 2;
    const centre = py((y[0] + y[1]) / 2);
    ctx.globalAlpha = 0.16;
    ctx.beginPath();
    // The band is narrowest in the middle, where all lines meet.
    for (const [x, one, other] of [
      [from, low[0], high[0]],
      [to, low[1], high[1]],
    ] as const) {
      ctx.moveTo(middle, centre);
      ctx.lineTo(x, py(one));
      ctx.lineTo(x, py(other));
    }
    ctx.fill();
    ctx.globalAlpha = 1;
    ctx.lineWidth = 2 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(from, py(y[0]));
    ctx.lineTo(to, py(y[1]));
    ctx.stroke();
  }
  ctx.restore();
}

/** Lowest and highest value of the fitted lines; null without one. */
export function trendSpan(trends: Trend[]): [number, number] | null {
  const ys = trends.flatMap(({ lines }) => lines.flatMap(({ y }) => y));
  return ys.length === 0 ? null : [Math.min(...ys), Math.max(...ys)];
}

/** The fitted value at a time; null between two lines. */
export function trendAt({ lines }: Trend, t: number): number | null {
  const line = lines.find((one) => one.t[0] <= t && t <= one.t[1]);
  if (line === undefined) return null;
  const [from, to] = line.t;
  return line.y[0] + ((line.y[1] - line.y[0]) * (t - from)) / Math.max(1e-9, to - from);
}
