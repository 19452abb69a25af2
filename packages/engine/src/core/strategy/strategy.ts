import type { Tick } from '../tick.ts';

export interface Signal {
  side: 'BUY' | 'SELL';
  reason: string;
}

/** Pure and deterministic: the same ticks give the same signals. One instance per market. */
export type Strategy = (tick: Pick<Tick, 'price'>) => Signal | null;

/** A signal every N ticks, buying and selling in turn. */
export function periodic(every: number): Strategy {
  let ticks = 0;
  let signals = 0;
  return () => {
    if (++ticks % every !== 0) return null;
    return { side: signals++ % 2 === 0 ? 'BUY' : 'SELL', reason: `every ${every} ticks` };
  };
}

/**
 * Crossover of the simple moving averages of 5 and 20 ticks: BUY if the short one is above the long one and was not one tick
 * before (difference <= 0, then > 0), SELL if it is below and was not (>= 0, then < 0). Averages that are equal count as not
 * above and not below, so that the first move away from a flat price is a crossover. This is the usual definition (TA-Lib users'
 * and Pine Script's `ta.crossover(a, b)`: a > b and a[1] <= b[1]), and the one of the earlier system.
 */
export function smaCrossover(short = 5, long = 20): Strategy {
  const prices: number[] = [];
  let before: number | null = null;
  return (tick) => {
    prices.push(tick.price);
    if (prices.length > long) prices.shift();
    if (prices.length < long) return null;
    const slow = mean(prices, 0);
    let difference = mean(prices, long - short) - slow;
    // Rounding is not a crossover: a flat price has a difference of 0.
    if (Math.abs(difference) < slow * 1e-12) difference = 0;
    const last = before;
    before = difference;
    if (last === null) return null;
    if (last <= 0 && difference > 0) return { side: 'BUY', reason: `sma${short} crossed above sma${long}` };
    if (last >= 0 && difference < 0) return { side: 'SELL', reason: `sma${short} crossed below sma${long}` };
    return null;
  };
}

function mean(prices: number[], from: number): number {
  let sum = 0;
  for (let at = from; at < prices.length; at++) sum += prices[at] as number;
  return sum / (prices.length - from);
}
