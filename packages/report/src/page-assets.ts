import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { escapeJson } from './escape-json.ts';
import * as behind from './page/behind.ts';
import * as chartSpecs from './page/chart-specs.ts';
import * as charts from './page/charts.ts';
import * as connectionState from './page/connection-state.ts';
import * as decisions from './page/decisions.ts';
import * as details from './page/details.ts';
import * as dom from './page/dom.ts';
import * as engine from './page/engine.ts';
import * as latestTable from './page/latest-table.ts';
import * as live from './page/live.ts';
import * as marks from './page/marks.ts';
import * as plot from './page/plot.ts';
import * as progress from './page/progress.ts';
import * as ratePlot from './page/rate-plot.ts';
import * as start from './page/start.ts';
import * as summary from './page/summary.ts';
import * as trends from './page/trends.ts';
import { COLUMNS } from './series.ts';
import * as stamp from './stamp.ts';

/** What a page begins with: a function of `page/` without parameters. */
export type PageEntry = 'startReport' | 'startLive';

/**
 * The modules of `page/` as text, for a checkout, which has no build step: Node has stripped their types at import, so that
 * a function's own text is JavaScript; constants are plain data and go as JSON. So the rule of `page/`: every top-level
 * name is exported, and none is used under another name. A release has this module's results instead of it.
 */
const MODULES = [
  { COLUMNS },
  stamp,
  dom,
  chartSpecs,
  decisions,
  marks,
  plot,
  behind,
  trends,
  charts,
  summary,
  details,
  progress,
  start,
  connectionState,
  ratePlot,
  latestTable,
  engine,
  live,
];

/** Texts of the style sheets. */
export function pageStyles(): string[] {
  return [asset('uplot/dist/uPlot.min.css'), readFileSync(new URL('page/style.css', import.meta.url), 'utf8')];
}

/** Texts of the scripts; the last one starts the page. */
export function pageScripts(entry: PageEntry): string[] {
  const names = MODULES.flatMap((module) => Object.entries(module));
  const source = names.map(
    ([name, value]) => `const ${name} = ${typeof value === 'function' ? String(value) : escapeJson(value)};`,
  );
  return [asset('uplot/dist/uPlot.iife.min.js'), `'use strict';{${source.join('\n')}\n${entry}();}`];
}

function asset(path: string): string {
  return readFileSync(createRequire(import.meta.url).resolve(path), 'utf8');
}
