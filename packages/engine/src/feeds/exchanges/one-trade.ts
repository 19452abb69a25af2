import { saneMillis } from '../../core/decimal.ts';
import type { Mapped, Numbering, Trade } from '../../core/tick.ts';

/** The text of a frame as it is compared with what `Scan` reads. */
export const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

/**
 * What a mapper of bytes gives for a frame of one trade: the same object for every frame, since a new one each time would be
 * half of all garbage, valid until the next call. Undefined for a trade that the full parser has to judge.
 */
export function oneTrade(numbering: Numbering) {
  const trade: Trade = { symbol: '', price: 0.5, volume: 0.5, ts: 0.5, tradeId: 0 };
  const mapped: Mapped = { is: 'trades', trades: [trade], numbering };
  return (symbol: string, price: number, volume: number, ts: number, tradeId: number): Mapped | undefined => {
    if (!(price > 0) || !(volume > 0) || saneMillis(ts) === undefined) return undefined;
    trade.symbol = symbol;
    trade.price = price;
    trade.volume = volume;
    trade.ts = ts;
    trade.tradeId = tradeId;
    return mapped;
  };
}
