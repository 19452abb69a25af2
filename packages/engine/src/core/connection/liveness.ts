/** The clocks of a connection and what it waits for, in monotonic milliseconds; null if it has not happened. */
export interface Clocks {
  openedAt: number;
  /** The last sign of life: a frame, a ping, a pong. */
  signAt: number | null;
  /** The last live trade; before the first, when the connection became ready. */
  tradeAt: number | null;
  /** The last ping of ours; the first is sent at open. */
  pingedAt: number;
  /** A subscription was sent and is not answered yet. */
  subscribing: boolean;
}

export interface Limits {
  subscribe_timeout_ms: number;
  first_frame_timeout_ms: number;
  idle_timeout_ms: number;
  ping_interval_ms: number;
  pong_timeout_ms: number;
  trade_stale_ms: number;
}

/** A source's own limits; undefined if it has none. */
export interface OwnLimits {
  idle_timeout_ms?: number | undefined;
  trade_stale_ms?: number | undefined;
}

/** What to do about a connection: nothing, ping it, or end it, and why. */
export type Liveness = { is: 'alive' } | { is: 'ping due' } | { is: 'dead'; why: string };

/**
 * The limits of one source. Its own win over all of the general ones: a source that may be idle for ten minutes is not
 * given up earlier because its first sign of life or its pong is missing.
 */
export function limitsOf(own: OwnLimits, rules: Limits): Limits {
  const idle = own.idle_timeout_ms;
  return {
    subscribe_timeout_ms: rules.subscribe_timeout_ms,
    ping_interval_ms: rules.ping_interval_ms,
    first_frame_timeout_ms: Math.max(rules.first_frame_timeout_ms, idle ?? 0),
    pong_timeout_ms: Math.max(rules.pong_timeout_ms, idle ?? 0),
    idle_timeout_ms: idle ?? rules.idle_timeout_ms,
    trade_stale_ms: own.trade_stale_ms ?? rules.trade_stale_ms,
  };
}

/**
 * A socket that answers is not yet a feed, and a feed of heartbeats is not yet a market: each has its own clock. Exchange
 * time is not used, because it can be ahead of the receiver's clock.
 */
export function judgeLiveness(clocks: Clocks, limits: Limits, now: number): Liveness {
  const { openedAt, signAt, pingedAt, subscribing } = clocks;
  if (subscribing && now - openedAt > limits.subscribe_timeout_ms) return dead('subscription not acknowledged');
  if (signAt === null) return now - openedAt > limits.first_frame_timeout_ms ? dead('no first sign of life') : ALIVE;
  const idle = now - signAt;
  if (idle > limits.idle_timeout_ms) return dead(`no sign of life for ${Math.round(idle)} ms`);
  const waiting = signAt < pingedAt;
  if (waiting && now - pingedAt > limits.pong_timeout_ms) return dead('no pong');
  return now - pingedAt >= limits.ping_interval_ms && !waiting ? PING_DUE : ALIVE;
}

const ALIVE: Liveness = { is: 'alive' };
const PING_DUE: Liveness = { is: 'ping due' };
const dead = (why: string): Liveness => ({ is: 'dead', why });

/**
 * Until when nothing can become due if no frame comes: no look is needed before. 0 in doubt. `isQuiet`: that there is no trade
 * has been said already.
 */
export function restsUntil(clocks: Clocks, limits: Limits, isQuiet: boolean): number {
  const { signAt, tradeAt, pingedAt, subscribing } = clocks;
  if (subscribing || signAt === null || tradeAt === null) return 0;
  const answered = signAt < pingedAt ? limits.pong_timeout_ms : limits.ping_interval_ms;
  return Math.min(
    signAt + limits.idle_timeout_ms,
    pingedAt + answered,
    isQuiet ? Number.POSITIVE_INFINITY : tradeAt + limits.trade_stale_ms,
  );
}

/** Connected, and no live trade for the threshold. */
export function isStale({ tradeAt }: Clocks, { trade_stale_ms }: Limits, now: number): boolean {
  return tradeAt !== null && now - tradeAt > trade_stale_ms;
}
