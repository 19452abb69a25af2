/** A trade as the merged stream has it; `host` is the one whose row was taken. */
export type MergedTrade = [
  tradeId: string | null,
  price: number,
  volume: number,
  ts: number,
  symbol: string,
  source: string | null,
  host: string,
];

export const TRADE_COLUMNS = ['trade_id', 'price', 'volume', 'ts', 'symbol', 'source', 'host'];

/** Ids from `from` to `to`, both included. */
export interface Range {
  from: bigint;
  to: bigint;
}

/** Ids that no host had: who should have, and who says that trades were lost there (a venue may leave numbers out). */
export interface Gap {
  from: string;
  to: string;
  missed_by: string[];
  reported_by: string[];
}

/** What is ready to be published; `fills` are late ones, for ids that were absent before. */
export interface Ready {
  trades: MergedTrade[];
  fills: MergedTrade[];
  gaps: Gap[];
}

export interface Waits {
  /** A host may be that much later than another, ms: rows that are next to a hole wait at least so long. */
  reorderMs: number;
  /** After that much silence a host is not waited for, ms. */
  silentMs: number;
}

/** When something was last heard of each host, of whatever kind, ms. */
export type LastHeard = ReadonlyMap<string, number>;

export const isSilent = (host: string, heard: LastHeard, nowMs: number, { silentMs }: Waits): boolean =>
  nowMs - (heard.get(host) ?? Number.NEGATIVE_INFINITY) > silentMs;
