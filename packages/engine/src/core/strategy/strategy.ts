import type { Tick } from '../tick.ts';

export interface Signal {
  side: 'BUY' | 'SELL';
  reason: string;
}

/** Pure and deterministic: the same ticks give the same signals. One instance per source and symbol. */
export type Strategy = (tick: Tick) => Signal | null;

/** A signal every N ticks, buying and selling in turn. */
export function periodic(every: number): Strategy {
  let ticks = 0;
  let signals = 0;
  return () => {
    if (++ticks % every !== 0) return null;
    return { side: signals++ % 2 === 0 ? 'BUY' : 'SELL', reason: `every ${every} ticks` };
  };
}

/** Simple moving averages of 5 and 20 ticks: BUY where the short crosses above the long, SELL where it crosses below. */
export function smaCrossover(short = 5, long = 20): Strategy {
  const prices: number[] = [];
  let above: boolean | null = null;
  return (tick) => {
    prices.push(tick.price);
    if (prices.length > long) prices.shift();
    if (prices.length < long) return null;
    const mean = (values: number[]) => values.reduce((sum, price) => sum + price, 0) / values.length;
    const fast = mean(prices.slice(-short));
    const slow = mean(prices);
    if (fast === slow) return null;
    const now = fast > slow;
    const crossed = above !== null && above !== now;
    above = now;
    return crossed ? { side: now ? 'BUY' : 'SELL', reason: `sma${short} crossed sma${long}` } : null;
  };
}
