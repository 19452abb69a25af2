import type { MarketKey } from './subject.ts';

/** Both included. */
export type IdRange = [from: number, to: number];

/**
 * A message: a line of JSON that says what it holds, then one line a row: a JSON array of the columns' values, or a line of the log
 * as it stands there.
 */
export interface BatchHead {
  v: 1;
  kind: string;
  host: string;
  /** Who ships: another machine or database under the same host name is refused. */
  origin: string;
  /** Counts up each time when the database was another one: its ids begin again. */
  generation: number;
  market: MarketKey | null;
  columns: string[];
  /** The last row of this subject so far: its id, or for lines the offset of its end in the file. */
  last: number;
  /** Every row of this kind up to this one, of any subject, was acknowledged before this message was sent. */
  done: number;
  /** Rows that were shipped before they were final; each comes once more, in a message of `revised`. */
  open?: IdRange[];
  revised?: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const encodeBatch = (head: BatchHead, rows: readonly string[]): Uint8Array =>
  encoder.encode([JSON.stringify(head), ...rows].join('\n'));

export function decodeBatch(data: Uint8Array): { head: BatchHead; rows: string[] } {
  const [head, ...rows] = decoder.decode(data).split('\n');
  return { head: JSON.parse(head ?? '') as BatchHead, rows };
}

/** The head alone. */
export function headOf(data: Uint8Array): BatchHead {
  const end = data.indexOf(0x0a);
  return JSON.parse(decoder.decode(end < 0 ? data : data.subarray(0, end))) as BatchHead;
}
