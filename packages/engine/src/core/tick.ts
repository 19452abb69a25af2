import type { Market } from './market.ts';

/**
 * One trade as the pipeline carries it. `ts` is exchange time in milliseconds; `tradeId` is a number if it is a safe integer,
 * and null if the exchange does not number its trades.
 */
export interface Tick {
  market: Market;
  source: string;
  price: number;
  volume: number;
  ts: number;
  tradeId: string | number | null;
}

/** A trade as an exchange's frame names it; `symbol` is the exchange's own. */
export interface Trade {
  symbol: string;
  price: number;
  volume: number;
  ts: number;
  tradeId: string | number | null;
}

/** Fills a tick that is reused with the values of another trade; returns the same tick. */
export function fillTick(tick: Tick, source: string, market: Market, trade: Trade): Tick {
  tick.market = market;
  tick.source = source;
  tick.price = trade.price;
  tick.volume = trade.volume;
  tick.ts = trade.ts;
  tick.tradeId = trade.tradeId;
  return tick;
}

/**
 * How an exchange numbers the trades of a market; `name` tells several numberings of one market apart. `dense`: each id is the
 * previous one plus 1, so that a jump is a hole. `sparse`: unique and ascending, jumps mean nothing. `opaque`: unique, without
 * an order. `shared`: one id may cover several trades, so that a trade is identified by its id, time, price and size.
 */
export interface Numbering {
  name: string;
  ids: 'dense' | 'sparse' | 'opaque' | 'shared';
}

/**
 * What one frame turned out to be. `kind` of an ignored frame is what it calls itself; `numbering` is null if the exchange does
 * not number trades; `past` are older trades of the same frame; `prints` are entries other than market trades, whose ids count as
 * seen; `sequence` counts frames, if the exchange counts them per connection without a hole.
 * `leaving`: the exchange asks for a new connection; `notice` is for the log; `stranger`: no known exchange sends such frames.
 */
export type Mapped = { sequence?: number } & (
  | { is: 'trades'; trades: Trade[]; numbering: Numbering | null; past?: Trade[]; prints?: Trade[] }
  | { is: 'history'; trades: Trade[]; numbering: Numbering | null }
  | { is: 'control'; leaving?: true; notice?: string }
  | { is: 'ignored'; kind: string; stranger?: true }
  | { is: 'malformed'; reason: string }
);
