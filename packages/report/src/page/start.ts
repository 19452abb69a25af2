/// <reference lib="dom" />
import type { PageData } from '../page-data.ts';
import { plotSection } from './charts.ts';
import { decisionTable } from './decisions.ts';
import { keyValueList } from './dom.ts';
import { summarySection } from './summary.ts';

export interface Shown {
  /** Redraws it after `data` has grown, or the colours have changed. */
  redraw(): void;
  close(): void;
}

export function showRun(main: HTMLElement, data: PageData): Shown {
  const plots = plotSection(data);
  const table = decisionTable(plots.zoomTo);
  table.add(data.decisions);
  let shown = data.decisions.length;
  main.replaceChildren(
    summarySection(data),
    plots.section,
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
      main.firstElementChild?.replaceWith(summarySection(data));
      plots.refresh();
    },
    close: plots.close,
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
  followScheme(showRun(document.querySelector('main') as HTMLElement, embedded() as PageData).redraw);
}
