import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as chartSpecs from './page/chart-specs.ts';
import * as charts from './page/charts.ts';
import * as decisions from './page/decisions.ts';
import * as dom from './page/dom.ts';
import * as marks from './page/marks.ts';
import * as plot from './page/plot.ts';
import * as start from './page/start.ts';
import * as summary from './page/summary.ts';
import { COLUMNS } from './series.ts';

const REPORT_MODULES = [{ COLUMNS }, dom, chartSpecs, decisions, marks, plot, charts, summary, start];

export interface Page {
  html: string;
  /** The Content-Security-Policy that lets the page's own scripts and styles run, and nothing else. */
  policy: string;
}

/** A page that is one file: nothing in it is loaded from anywhere. `connect` is where its scripts may connect to. */
export function page(title: string, data: unknown, modules: object[], entry: string, connect = "'none'"): Page {
  const styles = [asset('uplot/dist/uPlot.min.css'), readFileSync(new URL('page/style.css', import.meta.url), 'utf8')];
  const scripts = [
    asset('uplot/dist/uPlot.iife.min.js'),
    `'use strict';{${sourceOf([...REPORT_MODULES, ...modules])}\n${entry}();}`,
  ];
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.map(hashOf).join(' ')}`,
    `style-src ${styles.map(hashOf).join(' ')}`,
    `connect-src ${connect}`,
    "base-uri 'none'",
    "form-action 'none'",
  ].join('; ');
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${escapeText(title)}</title>
${styles.map((style) => `<style>${style}</style>`).join('\n')}
</head>
<body>
<header><h1>hybrid-soak</h1><small>${escapeText(title)}</small></header>
<main><noscript>This page draws itself with a script of its own; nothing is loaded from anywhere.</noscript></main>
<script type="application/json" id="data">${escapeJson(data)}</script>
${scripts.map((script) => `<script>${script}</script>`).join('\n')}
</body>
</html>
`;
  return { html, policy };
}

export function reportPage(title: string, data: unknown): string {
  return page(title, data, [], 'startReport').html;
}

/** JSON that cannot end its script element, begin a comment in it, or break a line: it is text to every parser. */
export function escapeJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function escapeText(text: string): string {
  return text.replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/**
 * The modules of a page as one script. Node has stripped their types at import, so that a function's own text is
 * JavaScript; constants are plain data and go as JSON. Hence the rule of `page/`: every top-level name is exported, and
 * none is used under another name.
 */
function sourceOf(modules: object[]): string {
  const entries = modules.flatMap((module) => Object.entries(module));
  return entries
    .map(([name, value]) => `const ${name} = ${typeof value === 'function' ? String(value) : escapeJson(value)};`)
    .join('\n');
}

function asset(path: string): string {
  const require = createRequire(import.meta.url);
  return readFileSync(require.resolve(path), 'utf8');
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
