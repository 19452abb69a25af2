/// <reference lib="dom" />
import type { PageData } from '../page-data.ts';
import { plotSection } from './charts.ts';
import { decisionTable } from './decisions.ts';
import { detailCards } from './details.ts';
import { el, keyValueList, patch, ZONE, zoneSwitch } from './dom.ts';
import { summarySection } from './summary.ts';

export interface Shown {
  /** Redraws it after `data` has grown, or the colours have changed. */
  redraw(): void;
  /** Lets what tells a time tell the present one. */
  tick(): void;
  close(): void;
}

/** What the plots are made of besides their points. */
export function plotKey({ limits, baseline, stallThresholdS, blind, points, decisions, trends }: PageData): string {
  const known = points.map((column) => column.some((value) => value !== null));
  return JSON.stringify([limits, baseline, stallThresholdS, blind, known, decisions.length > 0, trends]);
}

export function showRun(main: HTMLElement, data: PageData): Shown {
  let plots = plotSection(data);
  let drawnWith = plotKey(data);
  const now = () => (data.verdict.word === 'RUNNING' ? Date.now() / 1000 : null);
  const table = decisionTable((t) => plots.zoomTo(t));
  const summary = summarySection(data, now());
  const tick = () => patch(summary, [...summarySection(data, now()).childNodes]);
  table.add(data.decisions);
  let shown = data.decisions.length;
  const details = el('div', { id: 'details' }, ...detailCards(data));
  main.replaceChildren(
    summary,
    plots.section,
    details,
    table.section,
    ...(
      [
        ['Run', data.facts],
        ['Policy', data.policy],
        ['Environment', data.environment],
      ] as const
    ).flatMap(([title, pairs]) => (pairs.length === 0 ? [] : [keyValueList(title, pairs)])),
  );
  return {
    redraw() {
      table.add(data.decisions.slice(shown));
      shown = data.decisions.length;
      tick();
      patch(details, detailCards(data));
      if (plotKey(data) === drawnWith) return plots.refresh();
      // Another limit, or a series that was not known before: only the plots are made again.
      const old = plots;
      drawnWith = plotKey(data);
      plots = plotSection(data);
      old.section.replaceWith(plots.section);
      old.close();
    },
    tick,
    close: () => plots.close(),
  };
}

/** Canvases do not follow the style sheet by themselves; paper is always light. */
export function followScheme(redraw: () => void): void {
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', redraw);
  addEventListener('beforeprint', () => {
    document.documentElement.classList.add('paper');
    redraw();
  });
  addEventListener('afterprint', () => {
    document.documentElement.classList.remove('paper');
    redraw();
  });
}

/** The page's data, as it stands in the document. */
export function embedded(): unknown {
  return JSON.parse(document.getElementById('data')?.textContent ?? 'null');
}

export function startReport(): void {
  const data = embedded() as PageData;
  ZONE.utc = data.utc === true;
  const { redraw } = showRun(document.querySelector('main') as HTMLElement, data);
  document.querySelector('header')?.append(zoneSwitch(redraw));
  followScheme(redraw);
}
