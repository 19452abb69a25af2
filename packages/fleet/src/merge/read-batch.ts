import { type BatchHead, decodeBatch } from '../batch.ts';
import type { MarketKey } from '../subject.ts';
import type { MergedTrade } from './trade.ts';

/** A message of trades or gaps, `market` null if it is of another kind; null if a host has written what no shipper writes. */
export function readBatch(data: Uint8Array): { head: BatchHead; market: MarketKey | null; rows: unknown[][] } | null {
  try {
    const { head, rows } = decodeBatch(data);
    const { kind, market, columns, generation } = head;
    if (market === null || (kind !== 'ticks' && kind !== 'gaps')) return { head, market: null, rows: [] };
    if (typeof market.venue !== 'string' || typeof market.symbol !== 'string') return null;
    if (!Array.isArray(columns) || !Number.isInteger(generation)) return null;
    const values = rows.map((row) => JSON.parse(row) as unknown[]);
    return values.every(Array.isArray) ? { head, market, rows: values } : null;
  } catch {
    return null;
  }
}

/** Whether trades with such ids can be put in order by them. */
export const isNumber = (id: string | null | undefined): id is string =>
  typeof id === 'string' && /^\d{1,30}$/.test(id);

/** Null if the values are not those of a trade: SQLite keeps whatever it is given. */
export function mergedTradeOf(values: unknown[], columns: string[], host: string): MergedTrade | null {
  const value = (name: string) => values[columns.indexOf(name)];
  const [id, price, volume, ts] = [value('trade_id'), value('price'), value('volume'), value('ts')];
  const [symbol, source] = [value('symbol'), value('source') ?? null];
  if (id !== null && typeof id !== 'string') return null;
  if (typeof price !== 'number' || typeof volume !== 'number' || typeof symbol !== 'string') return null;
  if (source !== null && typeof source !== 'string') return null;
  // A later time has no date.
  if (!Number.isInteger(ts) || Math.abs(ts as number) > 8.64e15) return null;
  return [id, price, volume, ts as number, symbol, source, host];
}
