import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { lineBlocks, parseJsonLine } from '@hybrid-soak/contract/json-lines.ts';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import type { Columns } from './downsample.ts';
import { withSource } from './file-source.ts';
import { ALL_COLUMNS, rowsOf } from './series.ts';
import { parseObservation, sightOf } from './sight.ts';

/** First line of a samples file: the soak's options and the machine it ran on. */
export interface SamplesHeader {
  options: { run_id: string; parameters?: { window_s?: number } } & Record<string, unknown>;
  environment?: Record<string, unknown>;
}

export interface SamplesRead {
  header: SamplesHeader;
  /** In the order of ALL_COLUMNS. */
  columns: Columns;
  last: Observation | null;
  garbage: number;
}

const DEFAULT_WINDOW_S = 10;
const HEADER_BYTES = 64 * 1024;

/** The samples file of a run: the one named, or a rotated one beside it; null if none of them is that run's. */
export function findSamples(path: string, runId: string): string | null {
  const stem = basename(path).replace(/\.jsonl$/, '');
  const folder = dirname(path);
  const names = existsSync(folder) ? readdirSync(folder) : [];
  const aside = names.filter(
    (name) => name.startsWith(`${stem}.`) && name.endsWith('.jsonl') && name !== basename(path),
  );
  const candidates = [
    path,
    ...aside
      .sort()
      .reverse()
      .map((name) => join(folder, name)),
  ];
  return candidates.find((file) => headerOf(file)?.options.run_id === runId) ?? null;
}

/** The header line alone; null if there is none. Throws Unreadable. */
export function headerOf(path: string): SamplesHeader | null {
  return withSource(path, (source) => {
    const [first] = lineBlocks(source, { to: Math.min(source.size, HEADER_BYTES) });
    return parseHeader(first?.lines[0] ?? '');
  });
}

export function parseHeader(line: string): SamplesHeader | null {
  const parsed = parseJsonLine(line);
  const value = (parsed.kind === 'value' ? parsed.value : null) as Partial<SamplesHeader & { kind: string }> | null;
  return value?.kind === 'header' && typeof value.options?.run_id === 'string' ? (value as SamplesHeader) : null;
}

/** Reads a whole samples file into columns; null if it has no header. Throws Unreadable. */
export function readSamples(path: string): SamplesRead | null {
  const header = headerOf(path);
  if (header === null) return null;
  const row = rowsOf(header.options.parameters?.window_s ?? DEFAULT_WINDOW_S);
  // The header is the one line that is not an observation.
  const read: SamplesRead = { header, columns: ALL_COLUMNS.map(() => []), last: null, garbage: -1 };
  const take = (line: string) => {
    const observation = parseObservation(line);
    if (observation === null) {
      if (line.trim() !== '') read.garbage++;
      return;
    }
    const values = row(sightOf(observation));
    for (let i = 0; i < values.length; i++) (read.columns[i] as number[]).push(values[i] as number);
    read.last = observation;
  };
  withSource(path, (source) => {
    for (const { lines } of lineBlocks(source)) for (const line of lines) take(line);
  });
  return read;
}
