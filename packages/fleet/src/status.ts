import { setTimeout as delay } from 'node:timers/promises';
import { printable, printableJson } from '@hybrid-soak/contract/printable.ts';
import { jetstream } from '@nats-io/jetstream';
import { again } from './again.ts';
import { connectToServers } from './connect.ts';
import { aliveHosts, type HostStatus } from './hosts.ts';
import type { ChosenSettings } from './settings.ts';

const WATCH_MS = 2000;
/** Titles of the columns of `rowOf`. */
export const HEADER = [
  'HOST',
  'RUNG',
  'LAST',
  'VERDICT',
  'CPU MEM IO PART/LIMIT %',
  'ENGINE',
  'ROWS/S',
  'COVERAGE %',
  'LAG',
  'VERSION',
];

export interface Sinks {
  print: (text: string) => void;
  log: (text: string) => void;
}

/** The table of hosts that are alive; with `watch` again and again until the signal, also past a restart of the server. */
export async function status(
  settings: ChosenSettings,
  { watch, json }: { watch: boolean; json: boolean },
  { print, log }: Sinks,
  signal: AbortSignal,
): Promise<void> {
  const look = async () => {
    const connection = await connectToServers(settings, 'hybrid-fleet status');
    try {
      const client = jetstream(connection, { timeout: 5000 });
      do {
        show(await aliveHosts(client), json, watch, print);
        if (watch) await delay(WATCH_MS, null, { signal }).catch(() => {});
      } while (watch && !signal.aborted);
    } finally {
      await connection.close();
    }
  };
  await (watch ? again(look, log, signal) : look());
}

function show(hosts: HostStatus[], json: boolean, watch: boolean, print: (text: string) => void): void {
  const { isTTY, columns } = process.stdout;
  const text = json ? printableJson(hosts) : hostTable(hosts.map(rowOf), isTTY ? columns : Infinity);
  // A terminal shows one table, over the one before.
  print(watch && !json && isTTY ? `\x1b[H\x1b[2J${text}` : text);
}

/** A host's line of the table. */
export function rowOf(host: HostStatus): string[] {
  const number = (value: number | null | undefined, digits = 1) =>
    typeof value === 'number' ? value.toFixed(digits) : '-';
  const parts = ['cpu', 'memory', 'io'].map((name) => `${number(host.part?.[name])}/${host.limit?.[name] ?? '-'}`);
  const lag = typeof host.lag_s === 'number' ? `${number(host.lag_s)} s` : '-';
  return [
    host.host,
    host.rung ?? '-',
    host.action ?? '-',
    host.verdict ?? '-',
    parts.join(' '),
    host.connection ?? '-',
    number(host.rows_per_s),
    number(host.coverage_percent, 2),
    host.lag_rows > 0 ? `${lag}, ${host.lag_rows} rows` : lag,
    host.version,
  ].map((cell) => printable(String(cell)));
}

/** A line a host; on a terminal that is narrower than that, a block a host with a line a column. */
export function hostTable(hosts: string[][], columns: number): string {
  const rows = [HEADER, ...hosts];
  const widths = HEADER.map((_, at) => Math.max(...rows.map((row) => row[at]?.length ?? 0)));
  const line = (row: string[]) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd();
  const lines = rows.map(line);
  if (lines.every(({ length }) => length <= columns)) return lines.join('\n');
  const titles = Math.max(...HEADER.map(({ length }) => length));
  const block = (row: string[]) => row.map((cell, at) => `${HEADER[at]?.padEnd(titles)}  ${cell}`).join('\n');
  return hosts.map(block).join('\n\n');
}
