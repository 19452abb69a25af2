import { createHash } from 'node:crypto';
import { printable } from '@hybrid-soak/contract/printable.ts';
import { escapeJson } from './escape-json.ts';
import { type PageEntry, pageScripts, pageStyles } from './page-assets.ts';

export interface Page {
  html: string;
  /** The Content-Security-Policy that lets the page's own scripts and styles run, and nothing else. */
  policy: string;
}

/** A bar below a limit. */
const ICON =
  'data:image/svg+xml,%3Csvg xmlns=%22http%3A%2F%2Fwww.w3.org%2F2000%2Fsvg%22 viewBox=%220 0 16 16%22%3E%3Cpath d=%22M2 14V9h3v5zm5 0V5h3v9zm5 0V7h3v7z%22 fill=%22%231f6feb%22/%3E%3Cpath d=%22M1 3h14%22 stroke=%22%23c62f3b%22/%3E%3C/svg%3E';

/** A page that is one file: nothing in it is loaded from anywhere. `connect` is where its scripts may connect to. */
export function page(title: string, data: unknown, entry: PageEntry, connect = "'none'"): Page {
  const scripts = pageScripts(entry);
  const main = 'This page draws itself with a script of its own; nothing is loaded from anywhere.';
  return whole(
    title,
    `<main><noscript>${main}</noscript></main>
<script type="application/json" id="data">${escapeJson(data)}</script>
${scripts.map((script) => `<script>${script}</script>`).join('\n')}`,
    { scripts, connect },
  );
}

/**
 * Puts the table as it is now in place of the one that is shown, keeps the focus, and says when the server is gone. A page that
 * loads itself again would lose focus and selection.
 */
const follow = (everyMs: number): string => `'use strict';
setInterval(async () => {
  const text = await fetch(location.href).then((answer) => (answer.ok ? answer.text() : null), () => null);
  document.documentElement.classList.toggle('lost', text === null);
  document.getElementById('lost').hidden = text !== null;
  if (text === null) return;
  const next = new DOMParser().parseFromString(text, 'text/html').querySelector('main');
  const main = document.querySelector('main');
  if (next === null || next.innerHTML === main.innerHTML) return;
  const focused = document.activeElement.getAttribute('href');
  main.replaceChildren(...next.childNodes);
  if (focused !== null) main.querySelector('a[href="' + CSS.escape(focused) + '"]')?.focus();
}, ${everyMs});`;

/** A table that follows what the server has, every few seconds. Each row leads to a page of its own. */
export function listPage(
  title: string,
  header: string[],
  rows: { href: string; cells: string[] }[],
  refreshS: number,
  none: string,
): Page {
  const row = ({ href, cells: [first = '', ...others] }: { href: string; cells: string[] }) => {
    // The last cell of a short row goes to the end of the table.
    const rest = header.length - others.length;
    const cells = others.map((text, at) => {
      const span = at === others.length - 1 && rest > 1 ? ` colspan="${rest}"` : '';
      return `<td${span}${toneOf(text)}>${escapeText(text)}</td>`;
    });
    return `<tr><td><a href="${escapeText(href)}">${escapeText(first)}</a></td>${cells.join('')}</tr>`;
  };
  const head = header.map((text) => `<th scope="col">${escapeText(text)}</th>`).join('');
  const table = `<div class="scroll list" tabindex="0" role="region" aria-label="${escapeText(title)}"><table><thead><tr>${head}</tr></thead>
<tbody>${rows.map(row).join('\n')}</tbody></table></div>`;
  const script = follow(refreshS * 1000);
  const lost = '<p id="lost" role="alert" hidden>No connection to the server: this page is old. Trying again.</p>';
  const body = `${lost}<main><section class="card">${rows.length === 0 ? `<p>${escapeText(none)}</p>` : table}</section></main>
<script>${script}</script>`;
  return whole(title, body, { scripts: [script], connect: "'self'" });
}

/** Of a cell that is a verdict. */
function toneOf(text: string): string {
  if (text === 'PASS') return ' class="good"';
  return text === 'FAIL' || text === 'CONFIG_ERROR' ? ' class="bad"' : '';
}

interface Parts {
  scripts?: string[];
  connect?: string;
}

function whole(title: string, body: string, { scripts = [], connect = "'none'" }: Parts): Page {
  const styles = pageStyles();
  const policy = [
    "default-src 'none'",
    `script-src ${scripts.length === 0 ? "'none'" : scripts.map(hashOf).join(' ')}`,
    `style-src ${styles.map(hashOf).join(' ')}`,
    'img-src data:',
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
<link rel="icon" href="${ICON}">
<title>${escapeText(title)}</title>
${styles.map((style) => `<style>${style}</style>`).join('\n')}
</head>
<body>
<header><h1>hybrid-soak</h1><small>${escapeText(title)}</small></header>
${body}
</body>
</html>
`;
  return { html, policy };
}

export function reportPage(title: string, data: unknown): string {
  return page(title, data, 'startReport').html;
}

function escapeText(text: string): string {
  return printable(text).replace(/[<>&"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}
