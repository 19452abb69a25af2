/// <reference lib="dom" />
import type uPlotType from 'uplot';
import type { PageDecision } from '../page-data.ts';
import { markTone } from './decisions.ts';
import { color, el, timeText } from './dom.ts';

export const HOVER_PX = 7;
export const MAX_IN_TIP = 5;
/** Lines of what was done stand at least this far apart on average; closer, they would hide the plot. */
export const LINE_SPACE_PX = 16;

/** The decisions that are not routine: what a plot marks. */
export function markedOf(decisions: PageDecision[]): PageDecision[] {
  const routine = ['STARTUP', 'ENGINE_START', 'ENGINE_RESTARTED', 'RESTORED', 'SUMMARY'];
  return decisions.filter((decision) => !routine.includes(decision.action));
}

export function isBad({ action }: PageDecision): boolean {
  return markTone(action) === 'bad';
}

/** A line through the plot for what went wrong or was done; on the rung plot a triangle for every mark. */
export function drawMarks(plot: uPlotType, marks: PageDecision[], withHeads: boolean): void {
  const { ctx, bbox } = plot;
  const { min, max } = plot.scales['x'] as { min?: number; max?: number };
  const px = devicePixelRatio;
  if (min === undefined || max === undefined) return;
  const visible = marks.filter(({ t }) => t >= min && t <= max);
  const crowded = visible.length * LINE_SPACE_PX * px > bbox.width;
  ctx.save();
  // What went wrong is drawn last, over what was done about it.
  for (const { t, action } of visible.toSorted((a, b) => Number(isBad(a)) - Number(isBad(b)))) {
    const tone = markTone(action);
    const x = Math.round(plot.valToPos(t, 'x', true));
    ctx.strokeStyle = ctx.fillStyle = color(tone === 'bad' ? 'bad' : tone === 'acted' ? 'accent' : 'second');
    ctx.globalAlpha = tone === 'bad' || (tone === 'acted' && !crowded) ? 0.45 : 0;
    ctx.lineWidth = px;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    if (!withHeads) continue;
    ctx.globalAlpha = 1;
    ctx.beginPath();
    ctx.moveTo(x - 4 * px, bbox.top);
    ctx.lineTo(x + 4 * px, bbox.top);
    ctx.lineTo(x, bbox.top + 7 * px);
    ctx.fill();
  }
  ctx.restore();
}

/** Lines across: the limit of the engine's part and the baseline, or the stall threshold. */
export function drawLevel(plot: uPlotType, level: number | null | undefined, name: string, dash: number[]): void {
  if (level === null || level === undefined) return;
  const { ctx, bbox } = plot;
  const y = Math.round(plot.valToPos(level, 'y', true));
  if (y < bbox.top || y > bbox.top + bbox.height) return;
  ctx.save();
  ctx.strokeStyle = color(name);
  ctx.lineWidth = devicePixelRatio;
  ctx.setLineDash(dash.map((part) => part * devicePixelRatio));
  ctx.beginPath();
  ctx.moveTo(bbox.left, y);
  ctx.lineTo(bbox.left + bbox.width, y);
  ctx.stroke();
  ctx.restore();
}

/** One box beside the pointer that tells what happened there. */
export function markTip(): { show(event: MouseEvent, near: PageDecision[]): void; hide(): void; close(): void } {
  const box = el('div', { class: 'tip', role: 'tooltip', hidden: '' });
  document.body.append(box);
  return {
    show(event, near) {
      const told = near
        .slice(0, MAX_IN_TIP)
        .map(({ t, action, reason, numbers, rung, every, means }) =>
          el(
            'div',
            { class: markTone(action) },
            el('b', {}, `${timeText(t, false)} ${action}`),
            el('small', {}, ` ${rung}${every === null ? '' : ` 1/${every}`}`),
            el('p', {}, reason),
            el('small', {}, numbers),
            el('p', { class: 'means' }, means),
          ),
        );
      const more = near.length > MAX_IN_TIP ? [el('small', {}, `and ${near.length - MAX_IN_TIP} more here`)] : [];
      box.replaceChildren(...told, ...more);
      box.hidden = near.length === 0;
      const left = Math.min(event.clientX + 14, innerWidth - box.offsetWidth - 8);
      const below = event.clientY + 18;
      const top = below + box.offsetHeight > innerHeight ? event.clientY - box.offsetHeight - 12 : below;
      box.style.left = `${Math.max(8, left)}px`;
      box.style.top = `${Math.max(8, top)}px`;
    },
    hide() {
      box.hidden = true;
    },
    close: () => box.remove(),
  };
}
