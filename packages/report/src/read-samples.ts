import { closeSync, existsSync, readdirSync, readSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { Observation } from '@hybrid-soak/contract/sample.ts';
import type { Columns } from './downsample.ts';
import { batchesOf, lineFollower, openToRead } from './line-follower.ts';
import { COLUMNS, rowsOf } from './series.ts';
import { parseObservation, sightOfLine } from './sight.ts';

/** First line of a samples file: what the soak was given, and the machine it ran on. */
export interface SamplesHeader {
  options: { run_id: string; parameters?: { window_s?: number } } & Record<string, unknown>;
  environment?: Record<string, unknown>;
}

export interface SamplesRead {
  header: SamplesHeader;
  /** In the order of COLUMNS. */
  columns: Columns;
  last: Observation | null;
  garbage: number;
}

const DEFAULT_WINDOW_S = 10;
const HEADER_BYTES = 64 * 1024;

/** The samples file of a run: the one named, or one that was set aside beside it; null where neither is that run's. */
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

/** The header line alone; null where there is none. Throws Unreadable. */
export function headerOf(path: string): SamplesHeader | null {
  const fd = openToRead(path);
  if (fd === null) return null;
  try {
    const head = Buffer.alloc(HEADER_BYTES);
    const text = head.toString('utf8', 0, readSync(fd, head, 0, head.length, 0));
    return parseHeader(text.split('\n')[0] ?? '');
  } finally {
    closeSync(fd);
  }
}

export function parseHeader(line: string): SamplesHeader | null {
  const value = parsed(line) as Partial<SamplesHeader & { kind: string }> | null;
  return value?.kind === 'header' && typeof value.options?.run_id === 'string' ? (value as SamplesHeader) : null;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

/** Reads a whole samples file into columns; null where it has no header. Throws where it cannot be read. */
export function readSamples(path: string): SamplesRead | null {
  const header = headerOf(path);
  if (header === null) return null;
  const row = rowsOf(header.options.parameters?.window_s ?? DEFAULT_WINDOW_S);
  const read: SamplesRead = { header, columns: COLUMNS.map(() => []), last: null, garbage: -1 };
  let lastLine = '';
  const follower = lineFollower(path);
  try {
    for (const { lines } of batchesOf(follower))
      for (const line of lines) {
        const seen = sightOfLine(line);
        if (seen === null) {
          read.garbage++;
          continue;
        }
        const values = row(seen);
        for (let i = 0; i < values.length; i++) (read.columns[i] as number[]).push(values[i] as number);
        lastLine = line;
      }
  } finally {
    follower.close();
  }
  read.last = parseObservation(lastLine);
  return read;
}
