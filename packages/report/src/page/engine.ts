/// <reference lib="dom" />
import type { EngineView, TableRow } from '../live/database.ts';
import { el, numberText, patch, spanText, tile } from './dom.ts';
import { latestTable } from './latest-table.ts';
import { ratePlot } from './rate-plot.ts';

/** Old enough to say so, seconds: the engine writes its heartbeat at least every second. */
export const HEARTBEAT_OLD_S = 10;

export interface EngineSection {
  section: HTMLElement;
  latest: HTMLElement;
  show(view: EngineView): void;
  /** Updates the ages that are shown. */
  tick(): void;
  redraw(): void;
}

/** The engine's heartbeat in tiles, its rate, and the newest rows of its tables. */
export function engineSection(): EngineSection {
  const status = el('div', { class: 'tiles' });
  const tables = el('div', { class: 'tables' });
  const shown = new Map<string, ReturnType<typeof latestTable>>();
  const rates = ratePlot();
  const section = el('section', { class: 'card', id: 'engine' }, el('h2', {}, 'Engine'), status, rates.holder);
  const latest = el('section', { class: 'card', id: 'latest' }, tables);
  let view: EngineView | null = null;
  let received = 0;
  // The age of the heartbeat goes by the server's clock, and grows here between two looks.
  const tick = () => {
    if (view === null) return;
    const { at, status: found } = view;
    const now = at + Date.now() - received;
    patch(status, found.available ? statusTiles(found.value, now) : [el('p', { class: 'note' }, found.why)]);
  };
  return {
    section,
    latest,
    tick,
    show(seen) {
      const { at, status: found, tables: read } = seen;
      view = seen;
      received = Date.now();
      tick();
      if (found.available) rates.add(at, Number(found.value['ticks_written']));
      // Without a database the reason is said once.
      latest.hidden = !found.available && read.every(({ rows }) => !rows.available);
      for (const { name, rows } of read) {
        const table = shown.get(name) ?? latestTable(name);
        if (!shown.has(name)) tables.append(table.holder);
        shown.set(name, table);
        table.show(rows);
      }
    },
    redraw: rates.redraw,
  };
}

export function statusTiles(row: TableRow, at: number): HTMLElement[] {
  const count = (name: string) => tile(name.replaceAll('_', ' '), numberText(Number(row[name])));
  const age = Math.max(0, (at - Number(row['last_flush_ms'])) / 1000);
  const connection = String(row['connection'] ?? 'unknown');
  const isStopped = row['connection_state'] === 'stopped' || connection === 'stopped';
  const isGone = isStopped || age > HEARTBEAT_OLD_S;
  const ago = `${spanText(age)} ago`;
  return [
    isStopped
      ? tile('engine', `stopped ${ago}`, '', 'bad')
      : tile(
          'connection',
          isGone ? 'none: the engine is not running, or stuck' : connection,
          isGone ? `until then: ${connection}` : '',
          isGone ? 'bad' : '',
        ),
    tile('last heartbeat', ago, `old from ${HEARTBEAT_OLD_S} s on`, isGone ? 'bad' : ''),
    count('frames_received'),
    count('ticks_written'),
    count('drops'),
    tile('sample_every', String(row['sample_every'] ?? 'unknown')),
    tile('pid', String(row['pid'] ?? 'unknown')),
  ];
}
