import type { ExchangeName } from '@hybrid-soak/contract/config.ts';
import type { ChannelMemory } from '../../core/frame-origin.ts';
import { isObject, type JsonObject } from '../../core/json.ts';
import type { Mapped, Trade } from '../../core/tick.ts';

/** What a frame says about the subscription: it stands, or why it was refused. */
export type Reply = { accepted: true } | { accepted: false; why: string };

/** The frames of one public feed, as pure functions; what is known without connecting is in `core/exchanges.ts`. */
export interface Exchange {
  name: ExchangeName;
  /** What the client has to send while connected, or the server closes; its answer is a frame. */
  keepAlive?: { everyMs: number; text: string };
  /** Text frames to send after open; none if the URL subscribes. */
  subscribe(symbol: string): string[];
  /** What a frame says about the subscription to `symbol`; undefined if it says nothing. */
  reply(frame: JsonObject, symbol: string): Reply | undefined;
  /**
   * What a frame means; undefined if it is not of this feed's shapes. `urlSymbol`: for frames that name none; `memory`: what
   * earlier frames of the connection said.
   */
  map(frame: unknown, urlSymbol: string, memory: ChannelMemory): Mapped | undefined;
}

export const ACCEPTED: Reply = { accepted: true };
export const rejected = (why: unknown): Reply => ({
  accepted: false,
  why: typeof why === 'string' ? why.slice(0, 200) : 'no reason given',
});
export const malformed = (reason: string): Mapped => ({ is: 'malformed', reason });
export const ignored = (kind: unknown): Mapped & { is: 'ignored' } => ({
  is: 'ignored',
  kind: typeof kind === 'string' ? kind.slice(0, 64) : 'unknown',
});

/** For feeds whose URL is the subscription. */
export const subscribesByUrl = { subscribe: () => [], reply: () => undefined };

/** The parts of a trade as a mapper has read them, each undefined if it was not valid. */
export type TradeParts = { [Part in keyof Trade]: Trade[Part] | undefined };

/** The trade, or the reason why it is not one. */
export function tradeOf(parts: TradeParts): Trade | string {
  const { symbol, price, volume, ts, tradeId } = parts;
  if (price === undefined) return 'the price is not a positive decimal';
  if (volume === undefined) return 'the size is not a positive decimal';
  if (ts === undefined) return 'the time is not between 2009 and 2100';
  if (symbol === undefined) return 'no symbol';
  if (tradeId === undefined) return 'no trade id';
  return { symbol, price, volume, ts, tradeId };
}

/** Every entry as a trade, or the reason of the first that is not one: a frame is taken whole or not at all. */
export function tradesOf(entries: unknown, read: (entry: JsonObject) => TradeParts): Trade[] | string {
  if (!Array.isArray(entries)) return 'no list of trades';
  const trades: Trade[] = [];
  for (const entry of entries) {
    const trade = isObject(entry) ? tradeOf(read(entry)) : 'a trade is not an object';
    if (typeof trade === 'string') return trade;
    trades.push(trade);
  }
  return trades;
}
