/// <reference lib="dom" />
import type { PageData } from '../page-data.ts';
import { el, numberText, spanText } from './dom.ts';

type Cell = string | Node;

/** A card with a table; null without a row. */
export function tableCard(id: string, title: string, head: string[], rows: Cell[][]): HTMLElement | null {
  if (rows.length === 0) return null;
  const cells = (row: Cell[]) =>
    row.map((cell, at) => (at === 0 ? el('th', { scope: 'row' }, cell) : el('td', {}, cell)));
  return el(
    'section',
    { class: 'card', id },
    el('h2', {}, title),
    el(
      'div',
      { class: 'scroll', tabindex: '0', role: 'region', 'aria-label': title },
      el(
        'table',
        {},
        el('thead', {}, el('tr', {}, ...head.map((name) => el('th', { scope: 'col' }, name)))),
        el('tbody', {}, ...rows.map((row) => el('tr', {}, ...cells(row)))),
      ),
    ),
  );
}

/** Every slope with its interval, and what it was judged by. */
export function slopesCard({ summary }: PageData): HTMLElement | null {
  const rows = (summary?.drift ?? []).map((found): Cell[] => [
    found.signal.replaceAll('_', ' '),
    found.drift ? el('b', { class: 'bad' }, `✗ ${found.text}`) : found.text,
    found.slope === null ? '' : String(found.points),
    found.threshold === null ? '' : String(found.threshold),
    found.limit_in_h === null ? '' : spanText(found.limit_in_h * 3600),
    found.drift ? 'drift' : found.slope === null ? 'unknown' : 'no',
  ]);
  return tableCard('slopes', 'Drift', ['signal', 'slope (95 %)', 'points', 'threshold', 'limit met in', 'drift'], rows);
}

/** What part of the market was seen, source by source. */
export function completenessCards({ summary }: PageData): HTMLElement[] {
  const seen = summary?.completeness;
  if (seen === undefined) return [];
  const all: Cell[] = [
    ...['all sources', spanText(seen.connected_s), `${numberText(seen.connected_percent)} %`],
    ...[seen.reconnects, seen.failovers].map(String),
  ];
  const sources = (seen.sources ?? []).map((source): Cell[] => [
    ...[source.name, spanText(source.connected_s), `${numberText(source.connected_percent)} %`],
    ...[source.reconnects, source.failovers].map(String),
  ]);
  const coverage = seen.coverage_percent === null ? 'unknown' : `${seen.coverage_percent} %`;
  const title = `Completeness: coverage ${coverage}, ${seen.trades_missing} trades missing in ${seen.gaps_open} open gaps, ${seen.duplicates} duplicates refused, ${seen.dropped} dropped`;
  const head = ['source', 'connected', 'of the soak', 'reconnects', 'failovers to it'];
  const gaps = (seen.gaps ?? []).map((gap): Cell[] => [
    ...[gap.market, gap.source],
    ...[gap.trades_missing, gap.gaps_open].map(String),
  ]);
  return [
    tableCard('completeness', title, head, [...sources, all]),
    tableCard('missing', 'Where trades are missing', ['market', 'source', 'trades missing', 'open gaps'], gaps),
  ].filter((card) => card !== null);
}

/** The run before, with a link to its report if that is beside this one, and what has changed. */
export function predecessorCard({ predecessor }: PageData): HTMLElement | null {
  if (predecessor === null) return null;
  const { run, ended, verdict, changes, file } = predecessor;
  const id = run.slice(0, 8);
  const name = file === null ? id : el('a', { href: encodeURIComponent(file) }, `${id} (${file})`);
  const rows = changes.map(({ what, before, now }): Cell[] => [what, before, now]);
  const unchanged: Cell[][] = [['verdict', verdict, verdict]];
  const card = tableCard(
    'predecessor',
    'Since the run before',
    ['', 'run before', 'this run'],
    rows.length === 0 ? unchanged : rows,
  );
  const stamp = `${ended.slice(0, 19).replace('T', ' ')}Z`;
  card
    ?.querySelector('h2')
    ?.after(el('p', { class: 'note' }, 'Run ', name, `, ${verdict}, ended ${stamp}; soak report ${id}`));
  return card;
}

export function detailCards(data: PageData): HTMLElement[] {
  const cards = [slopesCard(data), ...completenessCards(data), predecessorCard(data)];
  return cards.filter((card) => card !== null);
}
