/** One trade as the pipeline carries it. `ts` is exchange time in milliseconds; `tradeId` is a number where it is a safe
 * integer, null where none is numbered. */
export interface Tick {
  symbol: string;
  source: string;
  price: number;
  volume: number;
  ts: number;
  tradeId: string | number | null;
}

/** A trade as an exchange's frame names it: its own symbol, not yet the config's. */
export interface Trade {
  symbol: string;
  price: number;
  volume: number;
  ts: number;
  tradeId: string | number | null;
}

/** Makes a tick that is used again and again into that of another trade; the same tick. */
export function fillTick(tick: Tick, source: string, symbol: string, trade: Trade): Tick {
  tick.symbol = symbol;
  tick.source = source;
  tick.price = trade.price;
  tick.volume = trade.volume;
  tick.ts = trade.ts;
  tick.tradeId = trade.tradeId;
  return tick;
}

/**
 * How an exchange numbers its trades. One space of ids has one name, whichever API it is read through. `dense`: each id is
 * the one before plus 1, per symbol, so that a jump is a hole. `sparse`: unique and ascending, with jumps that mean nothing.
 * `shared`: one id may cover several trades, so that a trade is told by its id, time, price and size.
 */
export interface Numbering {
  name: string;
  ids: 'dense' | 'sparse' | 'shared';
}

/**
 * What one frame turned out to be. `kind` of an ignored frame is what it calls itself; `numbering` is null where the
 * exchange does not number trades; `leaving` announces that the server will close the connection; `sequence` counts frames, where the exchange counts them per connection without a hole.
 */
export type Mapped = { sequence?: number } & (
  | { is: 'trades'; trades: Trade[]; numbering: Numbering | null; past?: Trade[] }
  | { is: 'history'; trades: Trade[]; numbering: Numbering | null }
  | { is: 'control'; leaving?: true }
  | { is: 'ignored'; kind: string }
  | { is: 'malformed'; reason: string }
);
