import type { Feed, FeedEvents } from './feed.ts';

export interface SyntheticRules {
  symbol: string;
  intervalMs: number;
  startPrice: number;
  step: number;
  volume: number;
}

/**
 * The deterministic generator: one Binance-shaped trade frame every interval, so that sampling and mapping apply to it as
 * to any other. The price walks up ten steps and down ten. A late timer catches up, so that the rate holds.
 */
export function startSynthetic(rules: SyntheticRules, events: FeedEvents): Feed {
  const source = { name: 'synthetic', venue: 'synthetic', symbol: rules.symbol, wireSymbol: undefined };
  const started = performance.now();
  const firstId = Date.now();
  let made = 0;
  events.coverage?.begin(source.name, 'connected', Date.now());
  const timer = setInterval(
    () => {
      const due = Math.floor((performance.now() - started) / rules.intervalMs);
      if (due - made > 10_000) made = due - 10_000;
      for (; made < due; made++) events.frame(source, syntheticFrame(rules, made, firstId, Date.now()));
    },
    Math.max(1, rules.intervalMs),
  );
  return {
    stop: async () => clearInterval(timer),
    state: () => 'connected to synthetic',
    connection: () => 'connected',
  };
}

/** Frame number `n` of the generator. */
export function syntheticFrame(rules: SyntheticRules, n: number, firstId: number, nowMs: number): Buffer {
  const wave = n % 20;
  const price = rules.startPrice + rules.step * (wave <= 10 ? wave : 20 - wave);
  const frame = {
    e: 'trade',
    E: nowMs,
    s: rules.symbol,
    t: firstId + n,
    p: price.toFixed(8),
    q: String(rules.volume),
    T: nowMs,
  };
  return Buffer.from(JSON.stringify(frame));
}
