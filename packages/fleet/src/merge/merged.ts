import type { MarketKey } from '../subject.ts';
import type { BestHost } from './best-host.ts';
import type { ById } from './by-id.ts';
import { type Gap, type MergedTrade, TRADE_COLUMNS } from './trade.ts';

/** The first line of a message of the merged stream; then one trade a line, the last `fills` of them late ones. */
export interface MergedHead {
  v: 1;
  market: MarketKey;
  /** Ids before one of these trades that no host had. */
  gaps: Gap[];
  fills: number;
  /** Where the merger stands after this message; with `leader`, the trades are those of that host alone. */
  place: ById | BestHost;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const encodeMerged = (head: MergedHead, trades: readonly MergedTrade[]): Uint8Array =>
  encoder.encode(
    [JSON.stringify({ ...head, columns: TRADE_COLUMNS }), ...trades.map((t) => JSON.stringify(t))].join('\n'),
  );

export const mergedHeadOf = (data: Uint8Array): MergedHead => decodeMerged(data).head;

export function decodeMerged(data: Uint8Array): { head: MergedHead; trades: MergedTrade[]; fills: MergedTrade[] } {
  const [first, ...rows] = decoder.decode(data).split('\n');
  const head = JSON.parse(first ?? '') as MergedHead;
  const all = rows.map((row) => JSON.parse(row) as MergedTrade);
  const at = all.length - head.fills;
  return { head, trades: all.slice(0, at), fills: all.slice(at) };
}
